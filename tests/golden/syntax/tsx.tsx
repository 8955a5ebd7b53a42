// A list.
interface Props {
  items: string[];
}

export function List({ items }: Props) {
  const shown = items.filter((x) => {
    return x !== "<|>";
  });
  return (
    <ul>
      some text <|> here
      {shown.map((x) => <li key={x}>{x<|>}</li>)}
    </ul>
  );
}

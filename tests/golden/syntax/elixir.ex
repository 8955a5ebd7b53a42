# Queues.<|>
defmodule Queue do
  @limit 10

  def new(items) do
    <|>
  end

  defp push(queue, item) when is_list(queue) do
    name = "item #{item<|>} pushed<|>"
    Enum.map(queue, fn x -> x + 1<|> end)
  end

  defmacro twice(x) do
    quote do
      unquote(x)<|>
    end
  end
end

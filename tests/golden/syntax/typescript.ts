// Events.
export interface Listener<T> {
  id: string;
  handle(event: T): void;<|>
}

type Handler = (e: Event) => void;

enum Level { Low, High<|> }

abstract class Base {
  protected abstract run(): void;
  private count = 0;

  constructor(readonly name: string) {
    super();<|>
  }
}

namespace Util {
  export function pick<T>(xs: T[]): T {
    return xs[0]; /* first<|> */
  }
}

const first = <T,>(xs: T[]): T | undefined => {
  <|>
};

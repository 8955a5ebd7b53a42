// A queue.<|>
import fs from 'fs<|>';

const LIMIT = 10;
let counter = 0;

export class Queue {
  size = 0;

  push(item) {
    this.items.push(item);<|>
  }

  static of(...items) {
    <|>
  }
}

function* ids() {
  yield `id-${counter<|>++} or so<|>`;
}

const double = (x) => {
  return x * 2;
};

export const view = () => <p title="a<|>">hello <|>{double(<|>1)}</p>;

const re = /a<|>b/g;
<|>

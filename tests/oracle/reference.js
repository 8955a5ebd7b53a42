// SPDX-License-Identifier: MIT
// A document in the plainest way there is: a string, split anew for every question. It speaks all three position
// encodings and is the reference for UTF-8 and UTF-32, where the npm package has none. It knows no speed.
'use strict';

const weights = {
  'utf-16': (cp) => (cp > 0xffff ? 2 : 1),
  'utf-8': (cp) => (cp > 0xffff ? 4 : cp > 0x7ff ? 3 : cp > 0x7f ? 2 : 1),
  'utf-32': () => 1,
};

class Reference {
  constructor(text, encoding) {
    this.text = text;
    this.weight = weights[encoding];
  }

  // The lines without their ends, each with the offset in UTF-16 units where it starts.
  lines() {
    const found = [];
    const end = /\r\n|\n|\r/g;
    let start = 0;
    for (let m = end.exec(this.text); m; m = end.exec(this.text)) {
      found.push({ start, text: this.text.slice(start, m.index) });
      start = m.index + m[0].length;
    }
    found.push({ start, text: this.text.slice(start) });
    return found;
  }

  // Offset of a position; a column past the line is its end, one inside a character that character's start.
  offsetAt([line, col], lines = this.lines()) {
    if (line >= lines.length) return this.text.length;
    let offset = lines[line].start;
    let units = 0;
    for (const c of lines[line].text) {
      units += this.weight(c.codePointAt(0));
      if (units > col) break;
      offset += c.length;
    }
    return offset;
  }

  // The position of an offset, always on a boundary and in front of a line's end.
  positionAt(offset, lines = this.lines()) {
    let line = lines.length - 1;
    while (lines[line].start > offset) line--;
    let col = 0;
    let at = lines[line].start;
    for (const c of lines[line].text) {
      if (at + c.length > offset) break;
      col += this.weight(c.codePointAt(0));
      at += c.length;
    }
    return [line, col];
  }

  change({ range, text }) {
    if (!range) {
      this.text = text;
      return;
    }
    const lines = this.lines();
    const a = this.offsetAt(range.slice(0, 2), lines);
    const b = this.offsetAt(range.slice(2), lines);
    this.text = this.text.slice(0, Math.min(a, b)) + text + this.text.slice(Math.max(a, b));
  }
}

module.exports = { Reference };

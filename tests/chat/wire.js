// SPDX-License-Identifier: MIT
// A server as a child process, seen from an editor: framed messages out and in. It checks what must hold for every
// message whatever a test is about: header, UTF-8, version, integer ids of the server's own requests, and one
// response to each request.
'use strict';
const { spawn } = require('child_process');

class Wire {
  constructor(command, args, options) {
    this.child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    this.queue = []; // messages that nobody has taken
    this.faults = []; // what must never happen
    this.asked = new Map(); // id as JSON -> how many answers it had
    this.stderr = '';
    this.status = null; // exit status or signal name
    this.waiters = [];
    this.input = Buffer.alloc(0);
    this.piece = 0; // bytes a write; 0 = all at once
    this.child.stdout.on('data', (data) => this.feed(data));
    this.child.stderr.on('data', (data) => { if (this.stderr.length < 1 << 20) this.stderr += data; });
    this.child.stdin.on('error', () => {}); // the server may be gone; a test sees that at `exit`
    this.child.on('error', (error) => { this.faults.push(String(error)); this.ended(1); });
    this.child.on('close', (code, signal) => this.ended(signal || code));
  }

  ended(status) {
    if (this.status === null) this.status = status;
    if (this.input.length) this.faults.push(`output ends inside a message: ${this.input.subarray(0, 80)}`);
    this.input = Buffer.alloc(0);
    this.wake();
  }

  wake() {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  // Resolves at the next message or the end of the process, or false after ms.
  change(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.waiters.push(() => { clearTimeout(timer); resolve(true); });
    });
  }

  feed(data) {
    this.input = this.input.length ? Buffer.concat([this.input, data]) : data;
    for (;;) {
      const end = this.input.indexOf('\r\n\r\n');
      if (end < 0) break;
      const head = /^Content-Length: (\d+)$/.exec(this.input.toString('latin1', 0, end));
      if (!head) {
        this.faults.push(`bad header: ${JSON.stringify(this.input.toString('latin1', 0, Math.min(end, 200)))}`);
        this.input = Buffer.alloc(0);
        break;
      }
      const from = end + 4, to = from + Number(head[1]);
      if (this.input.length < to) break;
      this.take(this.input.subarray(from, to));
      this.input = this.input.subarray(to);
    }
    this.wake();
  }

  take(body) {
    let message;
    try {
      message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch (error) {
      this.faults.push(`bad body: ${error.message}: ${body.subarray(0, 200)}`);
      return;
    }
    if (message.jsonrpc !== '2.0') this.faults.push(`no jsonrpc version: ${JSON.stringify(message)}`);
    if ('method' in message) {
      if ('id' in message && !Number.isInteger(message.id)) this.faults.push(`our id is no integer: ${JSON.stringify(message)}`);
    } else if (message.id !== null) {
      this.answered(message);
    }
    this.queue.push(message);
  }

  answered(message) {
    const id = JSON.stringify(message.id);
    if (('result' in message) === ('error' in message)) this.faults.push(`neither result nor error: ${JSON.stringify(message)}`);
    if (!this.asked.has(id)) this.faults.push(`an answer to nothing: ${JSON.stringify(message)}`);
    else this.asked.set(id, this.asked.get(id) - 1);
  }

  // Requests that were answered more or less often than they were sent.
  unbalanced() {
    const open = [...this.asked].filter(([, n]) => n !== 0);
    const said = open.slice(0, 5).map(([id, n]) => (n > 0 ? `never answered: ${id}` : `answered too often: ${id}`));
    return open.length > 5 ? [...said, `and ${open.length - 5} more`] : said;
  }

  // Waits while the server does not read, unless told not to.
  async write(bytes, patient = true) {
    const step = this.piece || bytes.length;
    for (let i = 0; i < bytes.length; i += step) {
      const more = this.child.stdin.write(bytes.subarray(i, i + step));
      if (this.piece) await new Promise((resolve) => setImmediate(resolve));
      while (!more && patient && this.child.stdin.writableNeedDrain && this.status === null && !this.child.stdin.destroyed)
        await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  static frame(body) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    return Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
  }

  send(message, patient = true) {
    if ('method' in message && 'id' in message) {
      const id = JSON.stringify(message.id);
      this.asked.set(id, (this.asked.get(id) || 0) + 1);
    }
    return this.write(Wire.frame(JSON.stringify({ jsonrpc: '2.0', ...message })), patient);
  }

  kill() {
    if (this.status === null) this.child.kill('SIGKILL');
  }
}

module.exports = { Wire };

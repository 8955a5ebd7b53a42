// SPDX-License-Identifier: MIT
// A service in OpenAI's shape that misbehaves on demand: the first part of the path names the scene, so a configuration
// chooses with base_url. It knows no test; it writes down which requests came and when their connections closed.
'use strict';
const http = require('http');
const https = require('https');

const piece = (text, finish = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-7', model: 'gpt-x-2026', choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] })}\n\n`;
const USAGE = `data: ${JSON.stringify({ id: 'chatcmpl-7', model: 'gpt-x-2026', choices: [],
  usage: { prompt_tokens: 1000, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 600 }, completion_tokens_details: { reasoning_tokens: 5 } } })}\n\n`;
const DONE = 'data: [DONE]\n\n';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const open = (r) => r.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req-42' });
const refuse = (status, error, headers = {}) => (r) =>
  r.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }));

// The answer's words one after another, so that whoever reads can see them come.
async function slowly(r, words, ms) {
  open(r);
  for (const word of words) {
    r.write(piece(word));
    await sleep(ms);
  }
}

const REFUSES_OPTIONS = refuse(400, { message: "Unsupported parameter: 'stream_options' is not supported with this model.",
  type: 'invalid_request_error', param: 'stream_options', code: 'unsupported_parameter' });
const SCENES = {
  good: (r) => open(r).end(piece('int kept;') + piece('', 'stop') + DONE),
  stream: async (r) => {
    await slowly(r, ['Blue ', 'or ', 'gr\u00fcn', '.'], 80);
    r.end(piece('', 'stop') + USAGE + DONE);
  },
  // One character in two events of one TCP segment each, and an escape sequence: nothing of it may reach a terminal.
  hostile: (r) => open(r).end(piece('a\u001b[31mred\u0007\u202e') + piece('', 'stop') + DONE),
  length: (r) => open(r).end(piece('cut sho') + piece('', 'length') + DONE),
  endless: async (r, log) => {
    open(r);
    for (let i = 0; i < 400 && !log.closed; i++) {
      r.write(piece(`${i} `));
      await sleep(25);
    }
    r.end();
  },
  disconnect: async (r) => {
    await slowly(r, ['half '], 60);
    r.socket.destroy();
  },
  'no-answer': (r) => r.socket.destroy(),
  unfinished: (r) => open(r).end(piece('half ')),
  'bad-event': (r) => open(r).end(piece('one ') + 'data: {"choices": [{"delta"\n\n' + piece('two') + piece('', 'stop') + DONE),
  'bad-chunk': (r) => {
    r.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    const text = piece('half ');
    r.socket.end(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\nZZ\r\nnonsense\r\n`);
  },
  'error-inside': (r) => open(r).end(piece('half ') + `data: ${JSON.stringify({ error: { message: 'the worker died', type: 'server_error' } })}\n\n`),
  'no-http': (r) => r.socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  page: (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Sign in</title>'),
  silent: () => {},
  key: refuse(401, { message: 'Incorrect API key provided: sk-te**st', type: 'invalid_request_error', code: 'invalid_api_key' }),
  model: refuse(404, { message: 'The model `gpt-none` does not exist', type: 'invalid_request_error', code: 'model_not_found' }),
  rate: refuse(429, { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' }, { 'retry-after': '30' }),
  'rate-ms': refuse(429, { message: 'Rate limit reached', code: 'rate_limit_exceeded' }, { 'retry-after-ms': '1500', 'retry-after': '30' }),
  'rate-date': (r) => refuse(429, { message: 'Rate limit reached', code: 'rate_limit_exceeded' },
    { 'retry-after': new Date(Date.now() + 90000).toUTCString() })(r),
  quota: refuse(429, { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' }),
  // Refuses one member of the request by name; then the rest is fine. The other refuses whatever comes.
  picky: (r, entry) => (JSON.parse(entry.body).stream_options ? REFUSES_OPTIONS(r) : open(r).end(piece('Blue.') + piece('', 'stop') + DONE)),
  stubborn: (r) => REFUSES_OPTIONS(r),
  loading: refuse(503, { message: 'Loading model', type: 'unavailable_error', code: 503 }),
};

function serve(options) {
  const log = [];
  const answer = (request, response) => {
    const entry = { scene: request.url.split('/')[1], url: request.url, headers: request.headers, at: Date.now(), body: '' };
    log.push(entry);
    request.on('data', (bytes) => (entry.body += bytes));
    request.on('end', () => {
      response.on('close', () => { entry.closed = Date.now(); entry.whole = response.writableFinished; });
      const scene = SCENES[entry.scene];
      if (scene) Promise.resolve(scene(response, entry)).catch(() => response.destroy());
      else response.writeHead(500).end();
    });
  };
  const server = options ? https.createServer(options, answer) : http.createServer(answer);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({
      log,
      port: server.address().port,
      last: (scene) => log.filter((e) => e.scene === scene).pop(),
      count: (scene) => log.filter((e) => e.scene === scene).length,
      close: () => { server.closeAllConnections(); server.close(); },
    }));
  });
}

module.exports = { serve, SCENES };

#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Signatures and binary event streams, judged by others: published vectors where they lie beside the repository
// (../shared/vectors; skipped where absent), and the vendors' own clients. Each vector of the former kind is also proved
// by the latter, so that a machine without that folder knows as much.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const vectors = path.join(root, '../shared/vectors');
const modules = path.join(root, 'tests/node_modules');
const { SignatureV4 } = require(path.join(modules, '@smithy/signature-v4'));
const { EventStreamCodec } = require(path.join(modules, '@smithy/eventstream-codec'));

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - signing: ${name}`);
  if (problem) {
    console.log(problem);
    process.exitCode = 1;
  }
}

function tool(name, input) {
  const r = spawnSync(path.join(build, 'tests/provider', name), { input, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60000 });
  if (r.status !== 0) throw new Error(`${name}: status ${r.status}: ${r.stderr.slice(0, 2000)}`);
  return r.stdout;
}

const sign = (cases) => JSON.parse(tool('sigv4', JSON.stringify(cases)));
const frames = (list) => tool('eventstream', list.map((b) => Buffer.from(b).toString('hex') + '\n').join('')).trim().split('\n').map((l) => JSON.parse(l));
const differ = (what, ours, theirs) => (ours === theirs ? '' : `${what}\nours   ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`);

// ---- published signatures --------------------------------------------------------------------------------------------

// A request as in a file: a header line that begins with a blank goes on with the one before, joined by a comma.
function parseRequest(text) {
  const end = text.search(/\n\n|$(?![\s\S])/);
  const [first, ...lines] = text.slice(0, end).split('\n');
  const m = /^(\S+) (.*) HTTP\/1\.1$/.exec(first);
  const headers = [];
  for (const line of lines.filter(Boolean)) {
    const at = line.indexOf(':');
    if (/^\s/.test(line)) headers[headers.length - 1][1] += ' ' + line.trim();
    else headers.push([line.slice(0, at), line.slice(at + 1)]);
  }
  return { method: m[1], target: m[2], headers, body: text.slice(end + 2) };
}

function suite(folder) {
  const names = fs.readdirSync(folder).sort();
  const read = (name, file) => fs.readFileSync(path.join(folder, name, file), 'utf8').replace(/\r\n/g, '\n');
  const results = sign(names.map((name) => {
    const context = JSON.parse(read(name, 'context.json'));
    const r = parseRequest(read(name, 'request.txt'));
    const host = r.headers.find(([k]) => k.toLowerCase() === 'host')[1].trim();
    return {
      method: r.method, url: `https://${host}${r.target}`, headers: r.headers, body: r.body, now: Date.parse(context.timestamp),
      id: context.credentials.access_key_id, secret: context.credentials.secret_access_key, token: context.credentials.token || '',
      region: context.region, service: context.service, keep_path: !context.normalize, leave_body: !context.sign_body,
      late_token: context.omit_session_token === true,
    };
  }));
  names.forEach((name, i) => {
    const theirs = read(name, 'header-signature.txt').trim();
    const problem = differ('canonical request', results[i].canonical, read(name, 'header-canonical-request.txt').replace(/\n$/, '')) ||
      differ('string to sign', results[i].to_sign, read(name, 'header-string-to-sign.txt').replace(/\n$/, '')) ||
      differ('signature', results[i].authorization.slice(-64), theirs);
    report(`vector ${name}`, problem);
  });
  report('there are vectors', names.length >= 30 ? '' : `only ${names.length}`);
}

// ---- the vendor's signer ---------------------------------------------------------------------------------------------

class Sha256 {
  constructor(secret) {
    this.hash = secret ? crypto.createHmac('sha256', secret) : crypto.createHash('sha256');
  }
  update(data) {
    this.hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.hash.digest());
  }
}

async function theirSignature(c) {
  const url = new URL(c.url);
  const credentials = { accessKeyId: c.id, secretAccessKey: c.secret, ...(c.token && { sessionToken: c.token }) };
  const signer = new SignatureV4({ credentials, region: c.region, service: c.service, sha256: Sha256, applyChecksum: !c.leave_body });
  const query = {};
  for (const [k, v] of url.searchParams) query[k] = k in query ? [].concat(query[k], v) : v;
  const request = {
    method: c.method, protocol: url.protocol, hostname: url.host, path: url.pathname, query, body: c.body,
    headers: { ...Object.fromEntries(c.headers), host: url.host },
  };
  return (await signer.sign(request, { signingDate: new Date(c.now) })).headers.authorization;
}

async function signer() {
  const keys = { id: 'AKIDEXAMPLE', secret: 'a/b+c=', region: 'eu-west-3', service: 'bedrock', keep_path: true, now: 1767225600000 };
  const base = { ...keys, method: 'POST', headers: [['Content-Type', 'application/json']], body: '{"a":"ü"}' };
  const cases = {
    'a model': { ...base, url: 'https://bedrock-runtime.eu-west-3.amazonaws.com/model/amazon.nova-micro-v1%3A0/converse' },
    'an ARN': { ...base, url: 'https://h.example/model/arn%3Aaws%3Abedrock%3Aeu-west-3%3A1%3Aprompt-router%2Fa%3A1/converse-stream' },
    'a session token': { ...base, url: 'https://h.example/', token: 'tok/en+==' },
    'no body': { ...base, url: 'https://h.example/x', method: 'GET', body: '', headers: [] },
    'no hash of the body': { ...base, url: 'https://h.example/x', leave_body: true },
    'a query': { ...base, url: 'https://h.example/x?b=2&a=1&a=0&c=&%C3%BC=%2F~' },
    'a port': { ...base, url: 'http://127.0.0.1:8080/x' },
    'blanks in a header': { ...base, url: 'https://h.example/x', headers: [['X-Amz-A', '  a   b  '], ['X-Amz-B', 'c']] },
    'headers that are not signed': { ...base, url: 'https://h.example/x', headers: [['User-Agent', 'x'], ['X-Amzn-Trace-Id', 'y'], ['Content-Type', 'z']] },
    'a leap day': { ...base, url: 'https://h.example/x', now: Date.parse('2028-02-29T23:59:59.999Z') },
    'a long path': { ...base, url: `https://h.example/${'a-b_c.d~e%20'.repeat(200)}` },
  };
  const ours = sign(Object.values(cases));
  let i = 0;
  for (const [name, c] of Object.entries(cases)) report(`as the vendor's client signs ${name}`, differ('authorization', ours[i++].authorization, await theirSignature(c)));
}

// ---- frames ----------------------------------------------------------------------------------------------------------

const TYPES = ['boolean', 'boolean', 'byte', 'short', 'integer', 'long', 'binary', 'string', 'timestamp', 'uuid'];

function vectorsOfFrames() {
  const list = JSON.parse(fs.readFileSync(path.join(vectors, 'eventstream-botocore.json'), 'utf8'));
  const folder = path.join(vectors, 'eventstream-smithy-rs/rust-runtime/aws-smithy-eventstream/test_data');
  const files = fs.readdirSync(folder).sort();
  const read = frames([...list.map((c) => Buffer.from(c.hex, 'hex')), ...files.map((f) => fs.readFileSync(path.join(folder, f)))]);
  list.forEach((c, i) => {
    const want = /^EventStreamMessage/.test(String(c.expected_source || ''));
    report(`frame ${c.name}`, want === !read[i].broken ? '' : `broken: ${read[i].broken}; they say ${JSON.stringify(c).slice(0, 300)}`);
  });
  files.forEach((f, i) => {
    const got = read[list.length + i];
    report(`frame ${f}`, got.broken === f.startsWith('invalid_') && (got.broken || got.messages.length === 1) ? '' : JSON.stringify(got));
  });
}

function codec() {
  const text = { to: (b) => Buffer.from(b).toString('utf8'), from: (s) => new Uint8Array(Buffer.from(s, 'utf8')) };
  const c = new EventStreamCodec(text.to, text.from);
  const { Int64 } = require(path.join(modules, '@smithy/eventstream-codec'));
  const messages = [
    { headers: {}, body: new Uint8Array() },
    { headers: { ':message-type': { type: 'string', value: 'event' }, ':event-type': { type: 'string', value: 'chunk' } }, body: text.from('{"bytes":"e30="}') },
    {
      headers: {
        yes: { type: 'boolean', value: true }, no: { type: 'boolean', value: false }, b: { type: 'byte', value: -3 },
        s: { type: 'short', value: 500 }, i: { type: 'integer', value: -70000 }, l: { type: 'long', value: Int64.fromNumber(2 ** 40) },
        bin: { type: 'binary', value: new Uint8Array([0, 255, 7]) }, str: { type: 'string', value: 'ü☃' },
        time: { type: 'timestamp', value: new Date(1767225600000) }, id: { type: 'uuid', value: '01234567-89ab-cdef-0123-456789abcdef' },
      },
      body: text.from('x'.repeat(300)),
    },
  ];
  const encoded = messages.map((m) => Buffer.from(c.encode(m)));
  const all = frames([...encoded, Buffer.concat(encoded)]);
  messages.forEach((m, i) => {
    const want = Object.entries(m.headers);
    const got = all[i].messages[0];
    const problem = !got ? 'unread' : differ('payload', got.payload, Buffer.from(m.body).toString('hex')) ||
      differ('headers', got.headers.map(([k, t]) => [k, TYPES[t]]).join(), want.map(([k, v]) => [k, v.type]).join()) ||
      differ('strings', got.headers.filter(([, t]) => t === 7).map(([, , h]) => Buffer.from(h, 'hex').toString()).join(), want.filter(([, v]) => v.type === 'string').map(([, v]) => v.value).join());
    report(`frame ${i + 1} of the vendor's codec, every bit flipped`, problem);
  });
  report('frames one after another', differ('messages', all[messages.length].messages.length, messages.length));
}

// A length that promises gigabytes, with a checksum that is right, must be refused when the twelfth byte is there.
function sizes() {
  const prelude = (total, headers) => {
    const b = Buffer.alloc(12);
    b.writeUInt32BE(total, 0);
    b.writeUInt32BE(headers, 4);
    b.writeUInt32BE(crc32(b.subarray(0, 8)), 8);
    return b;
  };
  const sizesOf = [[0xffffffff, 0], [25 << 20, 0], [15, 0], [16, 1], [200000, 131073], [0, 0xffffffff]];
  const read = frames([...sizesOf.map(([t, h]) => prelude(t, h)), prelude(1 << 20, 16)]);
  sizesOf.forEach(([t, h], i) => report(`a frame of ${t} bytes with ${h} of headers is refused`, read[i].broken ? '' : 'it is not'));
  report('a frame of 1 MiB is waited for', read[sizesOf.length].broken ? 'it is refused' : '');
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const b of bytes) {
    crc ^= b;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

(async () => {
  await signer();
  codec();
  sizes();
  if (fs.existsSync(vectors)) {
    suite(path.join(vectors, 'sigv4-aws-c-auth/tests/aws-signing-test-suite/v4'));
    vectorsOfFrames();
  } else {
    console.log('skip - signing: no folder of vectors beside the repository');
  }
})().catch((e) => report('runs', String(e.stack)));

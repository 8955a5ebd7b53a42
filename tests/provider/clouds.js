#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The clouds' own clients as judges of the bedrock and oracle plugins. Both write the same requests, which are compared
// member by member, signatures included; both read the same answers, and must find the same text, end and failures.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const cases = path.join(root, 'tests/provider/cases');
const vectors = path.join(root, '../shared/vectors/bedrock-eventstream-generated');
const modules = path.join(root, 'tests/node_modules');
const { BedrockRuntimeClient, ConverseStreamCommand, InvokeModelWithResponseStreamCommand } = require(path.join(modules, '@aws-sdk/client-bedrock-runtime'));
const { NodeHttpHandler } = require(path.join(modules, '@smithy/node-http-handler'));
const { SignatureV4 } = require(path.join(modules, '@smithy/signature-v4'));
const oci = require(path.join(modules, 'oci-common'));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'clouds-'));

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - clouds: ${name}`);
  if (problem) {
    console.log(problem);
    process.exitCode = 1;
  }
}

function canonical(v) {
  if (Array.isArray(v)) return v.map(canonical);
  if (v && typeof v === 'object') return Object.fromEntries(Object.keys(v).sort().map((k) => [k, canonical(v[k])]));
  return v;
}
const differ = (what, ours, theirs) => (ours === theirs ? '' : `${what}\nours   ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}\n`);

function driver(mode, plugin, spec, ...more) {
  const file = path.join(scratch, 'request.json');
  fs.writeFileSync(file, JSON.stringify(spec));
  const r = spawnSync(path.join(build, 'tests/provider/driver'), [mode, path.join(build, `lib/switchyard/plugins/${plugin}.so`), file, ...more], { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 60000 });
  if (r.status !== 0) throw new Error(`driver: ${r.stderr.slice(0, 2000)}`);
  return r.stdout;
}
const exchange = (plugin, spec) => JSON.parse(driver('-x', plugin, spec));
const header = (wire, name) => (wire.headers.find(([k]) => k.toLowerCase() === name) || [])[1];

function sigv4(c) {
  const r = spawnSync(path.join(build, 'tests/provider/sigv4'), [], { input: JSON.stringify([c]), encoding: 'utf8', timeout: 20000 });
  return JSON.parse(r.stdout)[0];
}

// ---- a server that stores what it got and answers with what it is told -------------------------------------------

let captured = null;
let answer = null;

const server = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', (c) => chunks.push(c));
  req.on('end', () => {
    captured = { method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
    const at = answer.indexOf('\r\n\r\n');
    res.socket.end(Buffer.concat([answer.subarray(0, at), Buffer.from('\r\nConnection: close\r\n\r\n'), answer.subarray(at + 4)]));
  });
});

const EMPTY = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n\r\n');
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const ENV = { AWS_ACCESS_KEY_ID: KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey };

function client() {
  return new BedrockRuntimeClient({
    region: 'us-east-1', endpoint: `http://127.0.0.1:${server.address().port}`, credentials: KEYS, maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: 5000 }),
  });
}

// ---- requests to the first ---------------------------------------------------------------------------------------

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

// Their signer over our request must give our signature.
async function signedByThem(wire, now, keys = KEYS, region = 'us-east-1') {
  const url = new URL(wire.url);
  const headers = Object.fromEntries(wire.headers.filter(([k]) => !/^(authorization|x-amz-)/i.test(k)));
  const signer = new SignatureV4({ credentials: keys, region, service: 'bedrock', sha256: Sha256 });
  const request = { method: wire.method, protocol: url.protocol, hostname: url.host, path: url.pathname, query: {}, headers: { ...headers, host: url.host }, body: wire.body };
  return (await signer.sign(request, { signingDate: new Date(now) })).headers.authorization;
}

// Our signer over their request, with the headers that they signed, must give their signature.
function signedByUs() {
  const m = /SignedHeaders=([^,]+), Signature=/.exec(captured.headers.authorization);
  const names = m[1].split(';').filter((k) => k !== 'host' && k !== 'x-amz-date' && k !== 'x-amz-content-sha256');
  const date = captured.headers['x-amz-date'].replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
  return sigv4({
    method: captured.method, url: `http://${captured.headers.host}${captured.url}`, headers: names.map((k) => [k, captured.headers[k]]),
    body: captured.body, now: Date.parse(date), id: KEYS.accessKeyId, secret: KEYS.secretAccessKey, region: 'us-east-1', service: 'bedrock', keep_path: true,
  }).authorization;
}

async function compareRequest(name, request, command, options = {}) {
  const now = 1767225600000;
  const spec = { options: { base_url: `http://127.0.0.1:${server.address().port}`, region: 'us-east-1', ...options }, request, place: { now, env: ENV } };
  const ours = exchange('bedrock', spec);
  answer = EMPTY;
  await client().send(command);
  let problem = differ('method', ours.method, captured.method) + differ('path', new URL(ours.url).pathname, captured.url);
  problem += differ('body', JSON.stringify(canonical(JSON.parse(ours.body))), JSON.stringify(canonical(JSON.parse(captured.body))));
  problem += differ('type', header(ours, 'content-type'), captured.headers['content-type']);
  problem += differ('our signature', header(ours, 'authorization'), await signedByThem(ours, now));
  problem += differ('their signature', signedByUs(), captured.headers.authorization);
  report(`bedrock request: ${name}`, problem);
}

async function bedrockRequests() {
  const modelId = 'us.anthropic.claude-x-v1:0';
  const arn = 'arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1';
  const user = { role: 'user', text: 'Grün? "x"\n' };
  const theirUser = { role: 'user', content: [{ text: user.text }] };
  const chat = { kind: 'chat', model: modelId, messages: [user] };
  await compareRequest('a chat', chat, new ConverseStreamCommand({ modelId, messages: [theirUser], inferenceConfig: {} }));
  await compareRequest('a prompt router', { ...chat, model: arn }, new ConverseStreamCommand({ modelId: arn, messages: [theirUser], inferenceConfig: {} }));
  await compareRequest('all members', {
    ...chat, system: 'Be brief.', max_tokens: 9, temperature: 0.7, stop: ['END'], params: { additionalModelRequestFields: { top_k: 3 }, inferenceConfig: { topP: 0.5 } },
    messages: [user, { role: 'assistant', text: 'a' }, { role: 'user', text: 'b' }],
  }, new ConverseStreamCommand({
    modelId, system: [{ text: 'Be brief.' }], messages: [theirUser, { role: 'assistant', content: [{ text: 'a' }] }, { role: 'user', content: [{ text: 'b' }] }],
    inferenceConfig: { maxTokens: 9, temperature: 0.7, topP: 0.5, stopSequences: ['END'] }, additionalModelRequestFields: { top_k: 3 },
  }));
  // Their version knows no other lifetime than the default.
  await compareRequest('a cache mark', { ...chat, system: 'S' }, new ConverseStreamCommand({
    modelId, system: [{ text: 'S' }, { cachePoint: { type: 'default' } }], messages: [theirUser], inferenceConfig: {},
  }), { cache: '5m' });
  await compareRequest('a raw prompt', { kind: 'fim', model: 'mistral.codestral:0', prefix: 'a(', suffix: ')', fim_format: 'codellama', max_tokens: 5, params: { stop: null } },
    new InvokeModelWithResponseStreamCommand({ modelId: 'mistral.codestral:0', contentType: 'application/json', body: JSON.stringify({ prompt: '<PRE> a( <SUF>) <MID>', max_tokens: 5 }) }));
}

// ---- answers of the first ----------------------------------------------------------------------------------------

async function theirReading() {
  const seen = { text: '', finish: '', in: 0, out: 0, model: '', failed: false };
  try {
    const reply = await client().send(new ConverseStreamCommand({ modelId: 'm', messages: [{ role: 'user', content: [{ text: 'x' }] }] }));
    for await (const e of reply.stream) {
      if (e.contentBlockDelta?.delta?.text) seen.text += e.contentBlockDelta.delta.text;
      if (e.messageStop) seen.finish = e.messageStop.stopReason;
      if (e.metadata?.usage) [seen.in, seen.out] = [e.metadata.usage.inputTokens, e.metadata.usage.outputTokens];
      if (e.metadata?.trace?.promptRouter) seen.model = e.metadata.trace.promptRouter.invokedModelId;
    }
  } catch (e) {
    seen.failed = true;
  }
  return seen;
}

function readEvents(lines) {
  const seen = { text: '', finish: '', in: 0, out: 0, model: '', failed: false };
  for (const e of lines.split('\n').filter(Boolean).map((l) => JSON.parse(l))) {
    if (e.ev === 'text') seen.text += e.text;
    if (e.ev === 'stop') seen.finish = e.text || '';
    if (e.ev === 'usage') [seen.in, seen.out] = [e.in, e.out];
    if (e.ev === 'model') seen.model = e.text;
    if (e.ev === 'error') seen.failed = true;
  }
  return seen;
}

// Where the client differs on purpose: it reads no document when it asked for a stream, hands out a refusal as an end,
// calls a broken-off stream whole, and shows raw chunks; a fence around an answer is the model's, not the protocol's.
const APART = /document|guardrail|malformed|truncated|raw|invoke|fim-chat/;

async function bedrockAnswers() {
  let n = 0;
  for (const name of fs.readdirSync(cases).filter((f) => f.startsWith('bedrock-') && !APART.test(f))) {
    const file = path.join(cases, name, 'reply.http');
    if (!fs.existsSync(file)) continue;
    answer = fs.readFileSync(file);
    const ours = readEvents(fs.readFileSync(path.join(cases, name, 'events.golden'), 'utf8'));
    const theirs = await theirReading();
    let problem = '';
    for (const key of ['failed', 'text', ...(ours.failed ? [] : ['finish', 'in', 'out', 'model'])]) problem += differ(key, ours[key], theirs[key]);
    if (name === 'bedrock-damaged') problem = differ('failed', ours.failed, theirs.failed); // they hand out nothing of it
    report(`reading ${name}`, problem);
    n++;
  }
  report('there are answers to read', n >= 20 ? '' : `only ${n}`);
}

// Streams that the vendor's codec wrote, with what the vendor's client made of them.
function recorded() {
  if (!fs.existsSync(vectors)) return console.log('skip - clouds: no folder of recorded frames beside the repository');
  const spec = { options: { region: 'us-east-1' }, request: { kind: 'chat', model: 'm', messages: [{ role: 'user', text: 'x' }] }, place: { env: ENV } };
  for (const name of fs.readdirSync(vectors).filter((f) => f.endsWith('.bin'))) {
    const want = JSON.parse(fs.readFileSync(path.join(vectors, name.replace('.bin', '.expected.json')), 'utf8'));
    const file = path.join(scratch, 'reply.http');
    fs.writeFileSync(file, Buffer.concat([EMPTY, fs.readFileSync(path.join(vectors, name))]));
    const ours = readEvents(driver('-e', 'bedrock', spec, file));
    const theirs = { text: '', finish: '', failed: want.error !== null };
    for (const e of want.events) {
      theirs.text += e.contentBlockDelta?.delta?.text ?? e.chunk?.delta?.text ?? '';
      theirs.finish = e.messageStop?.stopReason ?? e.chunk?.delta?.stop_reason ?? theirs.finish;
    }
    report(`recorded ${name}`, differ('failed', ours.failed, theirs.failed) + differ('text', ours.text, theirs.text) + (ours.failed ? '' : differ('finish', ours.finish, theirs.finish)));
  }
}

// ---- profiles ----------------------------------------------------------------------------------------------------

// Values that go on in an indented line are not read here: no credential does.
function profiles() {
  const file = path.join(root, '../shared/vectors/aws-config-smithy-rs/profile-parser-tests.json');
  if (!fs.existsSync(file)) return console.log('skip - clouds: no folder of profiles beside the repository');
  const questions = [];
  for (const t of JSON.parse(fs.readFileSync(file, 'utf8')).tests) {
    for (const [name, keys] of Object.entries(t.output.config?.profiles ?? {})) {
      for (const [key, want] of Object.entries(keys)) {
        if (want.includes('\n')) continue;
        const config = t.input.configFile ?? '';
        const section = name === 'default' && !/\[\s*profile\s+default/.test(config) ? name : `profile ${name}`;
        questions.push({ name: `${t.name} (${name}.${key})`, want, ask: [[t.input.credentialsFile ?? '', name, key], [config, section, key]] });
      }
    }
  }
  const r = spawnSync(path.join(build, 'tests/provider/ini'), [], { input: JSON.stringify(questions.flatMap((q) => q.ask)), encoding: 'utf8', timeout: 20000 });
  const got = JSON.parse(r.stdout);
  questions.forEach((q, i) => report(`profiles: ${q.name}`, differ('value', got[2 * i] || got[2 * i + 1], q.want)));
  report('there are profiles', questions.length >= 30 ? '' : `only ${questions.length}`);
}

// ---- signatures of the second --------------------------------------------------------------------------------------

async function theirOciSignature(wire, key, passphrase, keyId) {
  const headers = new Headers();
  for (const name of ['content-type', 'x-date']) headers.set(name, header(wire, name));
  const signer = new oci.DefaultRequestSigner({
    getKeyId: async () => keyId, getPrivateKey: () => key, getPassphrase: () => passphrase, getAuthType: () => undefined, getDelegationToken: () => '',
  });
  const request = { uri: wire.url, method: wire.method, headers, body: wire.body };
  await signer.signHttpRequest(request);
  return request.headers;
}

const parse = (authorization) => Object.fromEntries([...authorization.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1], m[2]]));

async function oracleSignatures() {
  let n = 0;
  for (const name of fs.readdirSync(cases).filter((f) => f.startsWith('oracle-'))) {
    const golden = fs.readFileSync(path.join(cases, name, 'exchange.golden'), 'utf8');
    if (!golden.includes('Authorization: Signature')) continue;
    const spec = JSON.parse(fs.readFileSync(path.join(cases, name, 'request.json'), 'utf8'));
    const wire = exchange('oracle', spec);
    const encrypted = name.includes('encrypted');
    const ours = parse(header(wire, 'authorization'));
    const key = spec.place.files[encrypted ? '~/.oci/enc.pem' : '~/.oci/key.pem'].replace('OCI_API_KEY\n', '');
    const theirs = await theirOciSignature(wire, key, encrypted ? 'secret' : '', ours.keyId);
    const t = parse(theirs.get('authorization'));
    let problem = differ('hash', header(wire, 'x-content-sha256'), theirs.get('x-content-sha256'));
    for (const k of ['version', 'keyId', 'algorithm', 'signature']) problem += differ(k, ours[k], t[k]);
    problem += differ('headers', ours.headers, t.headers.toLowerCase());
    report(`signature of ${name}`, problem);
    n++;
  }
  report('there are signatures to compare', n >= 4 ? '' : `only ${n}`);
}

server.listen(0, '127.0.0.1', async () => {
  try {
    await bedrockRequests();
    await bedrockAnswers();
    recorded();
    profiles();
    await oracleSignatures();
  } catch (e) {
    report('runs', String(e.stack));
  }
  server.close();
  fs.rmSync(scratch, { recursive: true });
});

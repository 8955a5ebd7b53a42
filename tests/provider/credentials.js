#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The whole program with credentials from where their vendor keeps them: files, and a command that takes its time. A
// server of ours checks each request's signature with the vendor's own code and answers with recorded bytes.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');

const root = process.env.ROOT || path.join(__dirname, '../..');
const build = process.env.B || path.join(root, 'build');
const cases = path.join(root, 'tests/provider/cases');
const { SignatureV4 } = require(path.join(root, 'tests/node_modules/@smithy/signature-v4'));
const home = fs.realpathSync(fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'credentials-')));

function report(name, problem) {
  console.log(`${problem ? 'not ' : ''}ok - credentials: ${name}`);
  if (problem) {
    console.log(problem);
    process.exitCode = 1;
  }
}

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

// What the service would find wrong with the signature, or nothing.
async function verify(req, body, keys) {
  const date = (req.headers['x-amz-date'] || '').replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
  if (Math.abs(Date.parse(date) - Date.now()) > 60000) return `date ${date}`;
  const credentials = { accessKeyId: keys.id, secretAccessKey: keys.secret, ...(keys.token && { sessionToken: keys.token }) };
  const signer = new SignatureV4({ credentials, region: 'us-east-1', service: 'bedrock', sha256: Sha256 });
  const request = {
    method: req.method, protocol: 'http:', hostname: 'x', path: req.url, query: {}, body,
    headers: { 'content-type': req.headers['content-type'], host: req.headers.host },
  };
  const want = (await signer.sign(request, { signingDate: new Date(date) })).headers;
  if (want['x-amz-security-token'] !== req.headers['x-amz-security-token']) return 'another session token';
  return want.authorization === req.headers.authorization ? '' : `got  ${req.headers.authorization}\nwant ${want.authorization}`;
}

let keys = null;
let seen = [];
const answer = fs.readFileSync(path.join(cases, 'bedrock-converse/reply.http'));
const server = http.createServer((req, res) => {
  const chunks = [];
  req.on('data', (c) => chunks.push(c));
  req.on('end', async () => {
    seen.push(await verify(req, Buffer.concat(chunks), keys));
    const at = answer.indexOf('\r\n\r\n');
    res.socket.end(Buffer.concat([answer.subarray(0, at), Buffer.from('\r\nConnection: close\r\n\r\n'), answer.subarray(at + 4)]));
  });
});

function write(name, text, mode = 0o600) {
  const file = path.join(home, name);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, text, { mode });
  fs.chmodSync(file, mode);
  return file;
}

function ask(options, env = {}) {
  write('.config/switchyard/config.json', JSON.stringify({
    providers: { cloud: { plugin: 'bedrock', region: 'us-east-1', base_url: `http://127.0.0.1:${server.address().port}`, ...options } },
    targets: { t: { provider: 'cloud', model: 'm:0', tier: 'large', timeout_ms: 20000 } },
    routes: { plan: ['t'] },
  }));
  seen = [];
  return new Promise((resolve) => {
    const child = spawn(path.join(build, 'bin/switchyard'), ['ask', '--target', 't', 'hello'], {
      env: { PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out = { text: '', err: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), 30000);
    child.stdout.on('data', (d) => (out.text += d));
    child.stderr.on('data', (d) => (out.err += d));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ ...out, status });
    });
  });
}

const good = (r) => (r.status === 0 && r.text.includes('Grüß dich ☃') && seen.length === 1 && seen[0] === '' ? '' : JSON.stringify({ ...r, seen }, null, 1));
const bad = (r, words) => (r.status !== 0 && seen.length === 0 && r.err.includes(words) ? '' : JSON.stringify({ ...r, seen, words }, null, 1));
const printed = (end) => JSON.stringify({ Version: 1, AccessKeyId: 'ASIAX', SecretAccessKey: 's/+', SessionToken: 'tok=', Expiration: end });

async function main() {
  const soon = new Date(Date.now() + 3600e3).toISOString();
  keys = { id: 'AKIDENV', secret: 'env/secret' };
  report('from the environment', good(await ask({}, { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret })));
  report('nowhere', bad(await ask({}), 'AWS_BEARER_TOKEN_BEDROCK'));
  keys = { id: 'AKIDFILE', secret: 'file/secret', token: 'tok+en' };
  write('.aws/credentials', `[work]\naws_access_key_id = ${keys.id}\naws_secret_access_key = ${keys.secret}\naws_session_token = ${keys.token}\n`);
  report('from a profile', good(await ask({ profile: 'work' })));
  write('.aws/credentials', fs.readFileSync(path.join(home, '.aws/credentials')), 0o666);
  report('a file that others may write is refused', bad(await ask({ profile: 'work' }), '.aws/credentials'));
  fs.unlinkSync(path.join(home, '.aws/credentials'));

  keys = { id: 'ASIAX', secret: 's/+', token: 'tok=' };
  const script = write('keys.sh', `#!/bin/sh\nsleep 0.3\necho "$1" >>'${home}/calls'\nprintf '%s' '${printed(soon)}'\n`, 0o700);
  report('from a command', good(await ask({ credential_process: `"${script}" 'a  b'` })));
  report('the command got its words', fs.readFileSync(path.join(home, 'calls'), 'utf8') === 'a  b\n' ? '' : 'another call');
  write('.aws/config', `[profile cmd]\ncredential_process = ${script} x\n`);
  report('from the command of a profile', good(await ask({ profile: 'cmd' })));
  report('a command that is not there', bad(await ask({ credential_process: '/nonexistent/x' }), 'cannot run'));
  const angry = write('angry.sh', "#!/bin/sh\necho >&2\necho 'log in first' >&2\nexit 3\n", 0o700);
  report('a command that fails says why', bad(await ask({ credential_process: angry }), 'log in first'));
  const old = write('old.sh', `#!/bin/sh\nprintf '%s' '${printed('2020-01-01T00:00:00Z')}'\n`, 0o700);
  report('credentials that ended are asked for again, then tried', good(await ask({ credential_process: old })));
  report('an open quote', bad(await ask({ credential_process: "x 'y" }), 'open quote'));
}

server.listen(0, '127.0.0.1', async () => {
  await main().catch((e) => report('runs', String(e.stack)));
  server.close();
  fs.rmSync(home, { recursive: true });
});

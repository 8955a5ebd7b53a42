// SPDX-License-Identifier: MIT
// The client library of Visual Studio Code (vscode-languageserver-protocol) against the real server: typed requests,
// dynamic registration, its guards on every shape, and its own cancellation. SWITCHYARD and SAMPLE are set.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const lsp = require('vscode-languageserver-protocol/node'); // from tests/node_modules

let failed = false;
function report(name, ok, got) {
  if (!ok) failed = true;
  console.log(`${ok ? 'ok' : 'not ok'} - vscode-languageserver-protocol: ${name}`);
  if (!ok) console.log('    got ' + JSON.stringify(got));
}

const sample = fs.readFileSync(process.env.SAMPLE, 'utf8').trimEnd();
const uri = pathToFileURL(process.env.SAMPLE).href;
const lines = sample.split('\n');
const caret = lsp.Position.create(lines.length - 1, lines[lines.length - 1].length);
const isPlain = (item) => typeof item.insertText === 'string' && lsp.Range.is(item.range) && lsp.Command.is(item.command);

function connect() {
  const child = spawn(process.env.SWITCHYARD, ['lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = lsp.createProtocolConnection(new lsp.StreamMessageReader(child.stdout), new lsp.StreamMessageWriter(child.stdin));
  const ended = new Promise((resolve) => child.on('close', resolve));
  connection.onError(([error]) => report('the connection', false, String(error)));
  connection.listen();
  return { child, connection, ended };
}

async function ghost() {
  const { connection, ended } = connect();
  const registered = new Promise((resolve) => connection.onRequest(lsp.RegistrationRequest.type, (params) => resolve(params.registrations)));
  const pulled = new Promise((resolve) => connection.onRequest(lsp.ConfigurationRequest.type, (params) => {
    resolve(params.items);
    return params.items.map(() => ({ debounce_ms: 0 }));
  }));
  const answer = await connection.sendRequest(lsp.InitializeRequest.type, {
    processId: process.pid, rootUri: null, workspaceFolders: [{ uri: pathToFileURL(path.dirname(process.env.SAMPLE)).href, name: 'sample' }],
    capabilities: { general: { positionEncodings: [lsp.PositionEncodingKind.UTF16] }, workspace: { configuration: true },
      textDocument: { inlineCompletion: { dynamicRegistration: true } } } });
  report('initialize', answer.capabilities.positionEncoding === 'utf-16' && answer.serverInfo.name === 'switchyard', answer);
  report('incremental sync is offered', answer.capabilities.textDocumentSync.change === lsp.TextDocumentSyncKind.Incremental, answer);
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  const registrations = await registered;
  report('inline completion is registered', registrations.some((r) => r.method === lsp.InlineCompletionRequest.method), registrations);
  const items = await pulled;
  report('the settings are pulled', items.length === 1 && items[0].section === 'switchyard', items);

  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type,
    { textDocument: lsp.TextDocumentItem.create(uri, 'c', 0, sample) });
  await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 1 }, contentChanges: [{ range: lsp.Range.create(caret, caret), text: 't' }] });
  const typed = lsp.Position.create(caret.line, caret.character + 1);
  const list = await connection.sendRequest(lsp.InlineCompletionRequest.type, { textDocument: { uri }, position: typed,
    context: { triggerKind: lsp.InlineCompletionTriggerKind.Automatic } });
  report('a list, never null', list !== null && Array.isArray(list.items), list);
  report('the repeated line is completed', list.items.length > 0 && list.items[0].insertText.startsWith('tom - rect->top;'), list);
  report('its shapes pass the guards', list.items.every(isPlain), list);
  report('its range holds the caret', list.items.every((i) => i.range.start.line === typed.line && i.range.end.line === typed.line &&
    i.range.start.character <= typed.character && i.range.end.character >= typed.character), list);
  for (const item of list.items) {
    const accepted = await connection.sendRequest(lsp.ExecuteCommandRequest.type, item.command);
    report('the command is accepted', accepted === null, accepted);
  }
  await cancelled(connection, typed);
  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  const status = await ended;
  report('shutdown and exit', status === 0, status);
  connection.dispose();
}

// The library sends $/cancelRequest by itself; whichever wins, the promise must settle.
async function cancelled(connection, position) {
  const source = new lsp.CancellationTokenSource();
  const answer = connection.sendRequest(lsp.InlineCompletionRequest.type, { textDocument: { uri }, position,
    context: { triggerKind: lsp.InlineCompletionTriggerKind.Invoked } }, source.token);
  source.cancel();
  const result = await answer.then((list) => list, (error) => error);
  report('a cancelled request is answered', Array.isArray(result.items) || result.code === lsp.LSPErrorCodes.RequestCancelled, result);
}

async function menu() {
  const { connection, ended } = connect();
  await connection.sendRequest(lsp.InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {} });
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type,
    { textDocument: lsp.TextDocumentItem.create(uri, 'c', 1, sample) });
  const list = await connection.sendRequest(lsp.CompletionRequest.type, { textDocument: { uri }, position: caret,
    context: { triggerKind: lsp.CompletionTriggerKind.Invoked } });
  report('a completion list', list !== null && Array.isArray(list.items) && list.isIncomplete === true, list);
  const item = list.items[0];
  report('its item replaces the word at the caret', !!item && lsp.TextEdit.is(item.textEdit) && item.textEdit.newText.startsWith('bottom - rect->top;') &&
    item.textEdit.range.start.character === caret.character - 2 && item.filterText.startsWith('bo'), item);
  report('it is not preselected and says where it is from', !!item && item.preselect === false && item.detail.length > 0 && lsp.Command.is(item.command), item);
  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  await ended;
  connection.dispose();
}

ghost().then(menu).catch((error) => report('the script', false, String(error.stack || error))).then(() => process.exit(failed ? 1 : 0));

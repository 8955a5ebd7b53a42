-- SPDX-License-Identifier: MIT
-- Neovim's built-in client (0.7.2 and later) against the real server: sync, inline completion, acceptance, and the
-- completion menu. Run headless with SWITCHYARD and SAMPLE set; prints one line a result.
local failed = false
local function report(name, ok, got)
  failed = failed or not ok
  io.stdout:write((ok and 'ok - ' or 'not ok - ') .. 'neovim: ' .. name .. '\n')
  if not ok then io.stdout:write('    got ' .. vim.inspect(got) .. '\n') end
end

local function connect(with_inline)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  if with_inline then capabilities.textDocument.inlineCompletion = { dynamicRegistration = false } end
  local id = vim.lsp.start_client({ name = 'switchyard', cmd = { vim.env.SWITCHYARD, 'lsp' }, root_dir = vim.fn.getcwd(),
    capabilities = capabilities })
  vim.lsp.buf_attach_client(0, id)
  local client
  vim.wait(5000, function()
    client = vim.lsp.get_client_by_id(id)
    return client and client.initialized
  end, 10)
  return client
end

-- The buffer must be named by its number: for 0 the client does not send pending changes first.
local function ask(client, method, params)
  local answer = client.request_sync(method, params, 10000, vim.api.nvim_get_current_buf())
  return answer and answer.result, answer
end

-- Typing through the API reaches the server as incremental changes, like keys do.
local function type_text(text)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_text(0, row - 1, col, row - 1, col, { text })
  vim.api.nvim_win_set_cursor(0, { row, col + #text })
end

local function at_end()
  local row = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { row, #vim.api.nvim_buf_get_lines(0, row - 1, row, false)[1] })
end

local function position(client)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  -- Normal mode cannot stand behind the last character, where the caret of the test is.
  local line = vim.api.nvim_buf_get_lines(0, -2, -1, false)[1]
  local _, utf16 = vim.str_utfindex(line)
  params.position = { line = vim.api.nvim_buf_line_count(0) - 1, character = utf16 }
  return params
end

local function inline(client)
  vim.o.virtualedit = 'onemore'
  for _ = 1, 2 do
    at_end()
    type_text('t')
  end
  local params = position(client)
  params.context = { triggerKind = 2 }
  local result, raw = ask(client, 'textDocument/inlineCompletion', params)
  local item = result and result.items and result.items[1]
  report('inline completion after typing', item and item.insertText:match('^om %- rect%->top;') ~= nil, raw)
  if not item then return end
  vim.lsp.util.apply_text_edits({ { range = item.range, newText = item.insertText } }, 0, client.offset_encoding)
  local line = vim.api.nvim_buf_get_lines(0, params.position.line, params.position.line + 1, false)[1]
  report('the text lands in its place', line == '    /* größer 🙂 */ int height = rect->bottom - rect->top;', line)
  local answer = client.request_sync('workspace/executeCommand', item.command, 5000, vim.api.nvim_get_current_buf())
  report('acceptance by the command', answer and not answer.err, answer)
  local status = ask(client, 'switchyard/status', {})
  report('the acceptance is counted', status and vim.json.encode(status):match('"accepted":1[,}]') ~= nil, status)
end

local function menu(client)
  at_end()
  local result, raw = ask(client, 'textDocument/completion', position(client))
  local words = result and vim.lsp.util.text_document_completion_list_to_complete_items(result, 'bo') or {}
  report('completion menu', words[1] and words[1].word:match('^bottom %- rect%->top;') ~= nil, { raw, words })
end

local function finish(client)
  client.stop()
  report('the server ends', vim.wait(5000, function() return client.is_stopped() end, 10), 'still running')
end

local function main()
  vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.SAMPLE))
  local client = connect(true)
  report('initialize', client ~= nil, vim.lsp.get_active_clients())
  inline(client)
  finish(client)
  vim.cmd('edit!')
  client = connect(false)
  menu(client)
  finish(client)
end

local ok, why = pcall(main)
if not ok then report('the script', false, why) end
vim.cmd(failed and 'cquit 1' or 'qa!')

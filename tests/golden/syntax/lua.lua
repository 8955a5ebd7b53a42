-- Vectors.<|>
local M = {}
local limit = 10

--[[ a long
comment<|> ]]
function M.new(x, y)
  return setmetatable({ x = x, y = y<|> }, M)
end

function M:length()
  if self.x then
    <|>
  end
  return "none<|>"
end

local function each(list, f)
  for _, v in ipairs(list) do
    f(v)<|>
  end
end

return M

#!lua flags=allow-oom
-- resolve(KEYS = [intent…], ARGV = [mark, keep_s, record id or ""…]) -> how many were ours
--
-- hl:{portal}:intent:KEY  string: begins with `mark` while it is the open one of this holder; then
--                         the id of the record that it made; gone if it made none
--
-- A script because an intent that a newer holder opened meanwhile must stay as it is.
local ours = 0
for i = 1, #KEYS do
  local value = redis.call("GET", KEYS[i])
  if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then
    ours = ours + 1
    if ARGV[i + 2] == "" then
      redis.call("DEL", KEYS[i])
    else
      redis.call("SET", KEYS[i], ARGV[i + 2], "EX", ARGV[2])
    end
  end
end
return ours

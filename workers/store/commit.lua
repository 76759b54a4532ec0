#!lua flags=allow-oom
-- commit(KEYS = [fence, …], ARGV = [number, (command, key's place in KEYS, n, n arguments)…])
--   -> 1 if every command was run, 0 if a newer holder owns the portal and none was
--
-- hl:{portal}:fence   integer: the number of the newest holder of the lease
-- The other keys are what the commands write; workers/store/ledger.py says which and why.
--
-- A script because an old holder, paused past its lease, must not settle what a newer one owns.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
local at = 2
while at <= #ARGV do
  local n = tonumber(ARGV[at + 2])
  redis.call(ARGV[at], KEYS[tonumber(ARGV[at + 1])], unpack(ARGV, at + 3, at + 2 + n))
  at = at + 3 + n
end
return 1

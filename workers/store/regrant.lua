-- regrant(KEYS = [grant, refreshing], ARGV = [install, owner, (field, value)…])
--   -> 1 if the fields were written, 0 if the app was installed anew meanwhile, and none was
--
-- hl:{portal}:grant        hash: what an account granted; see workers/store/grants.py
-- hl:{portal}:refreshing   string: who refreshes the access token now; expires
--
-- A script because what one install was granted must not be written over the next one's.
if redis.call("GET", KEYS[2]) == ARGV[2] then
  redis.call("DEL", KEYS[2])
end
if redis.call("HGET", KEYS[1], "install") ~= ARGV[1] then
  return 0
end
if #ARGV > 2 then
  redis.call("HSET", KEYS[1], unpack(ARGV, 3))
end
return 1

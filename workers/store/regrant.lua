-- regrant(KEYS = [grant, refreshing], ARGV = [install, refresh, owner, (field, value)…])
--   -> 1 if the fields were written; 0 if the grant is another by now, and none was
--
-- hl:{portal}:grant        hash: what an account granted; see workers/store/grants.py
-- hl:{portal}:refreshing   string: who refreshes the access token now; expires
--
-- A script because what one install was granted must not be written over the next one's, and what
-- a spent refresh token came to not over what the one that followed it brought.
if redis.call("GET", KEYS[2]) == ARGV[3] then
  redis.call("DEL", KEYS[2])
end
local kept = redis.call("HMGET", KEYS[1], "install", "refresh")
if kept[1] ~= ARGV[1] or kept[2] ~= ARGV[2] then
  return 0
end
if #ARGV > 3 then
  redis.call("HDEL", KEYS[1], "revoked", "trouble", "failures", "again")
  redis.call("HSET", KEYS[1], unpack(ARGV, 4))
end
return 1

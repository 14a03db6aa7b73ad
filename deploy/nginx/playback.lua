-- Whether an address of a film may be played: the token in it, as platform/auth/src/playback.rs makes
-- it, and whether what it grants was denied since. For nginx's Lua module, as Debian packages it.

local ffi = require 'ffi'
local base64 = require 'ngx.base64'
local settings = require 'settings'

-- OpenSSL's, which nginx itself is linked with: HMAC(3), CRYPTO_memcmp(3); and access(2).
ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *evp_md, const void *key, int key_len,
                    const unsigned char *data, size_t data_len, unsigned char *md, unsigned int *md_len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
int access(const char *path, int mode);
]]
local C = ffi.C
local F_OK, ENOENT = 0, 2
local DIGEST_BYTES = 32
local digest = ffi.new('unsigned char[?]', DIGEST_BYTES)
local sha256 = C.EVP_sha256()

local ADDRESS = [[^/v/1\.(0|[1-9]\d{0,11})\.(0|[1-9]\d{0,9})\.(-|[A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43})/([a-z2-7]{26})/]]

local function is_ours(message, given)
  local ours = false
  for _, key in ipairs(settings.keys) do
    if C.HMAC(sha256, key, #key, message, #message, digest, nil) == nil then
      error('HMAC failed')
    end
    local mac = base64.encode_base64url(ffi.string(digest, DIGEST_BYTES))
    ours = ours or (#mac == #given and C.CRYPTO_memcmp(mac, given, #mac) == 0)
  end
  return ours
end

-- Whatever keeps it from being known counts as denied.
local function is_denied(name)
  return C.access(settings.denied .. '/' .. name, F_OK) == 0 or ffi.errno() ~= ENOENT
end

local function verdict()
  local parts = ngx.re.match(ngx.var.uri, ADDRESS, 'jo')
  if not parts then
    return 'bad'
  end
  local expires, generation, viewer, mac, video = parts[1], parts[2], parts[3], parts[4], parts[5]
  local message = table.concat({ 'marquee playback token v1', expires, generation, viewer, video }, '\n')
  if not is_ours(message, mac) then
    return 'forged'
  end
  if ngx.time() >= tonumber(expires) then
    return 'expired'
  end
  if is_denied(video .. '.' .. generation) or (viewer ~= '-' and is_denied('viewer.' .. viewer)) then
    return 'denied'
  end
  return 'good'
end

-- `good`, or why not. What fails in here is a refusal.
local function admitted()
  local well, what = pcall(verdict)
  if well then
    return what
  end
  ngx.log(ngx.ERR, 'cannot look at a playback token: ', what)
  return 'failed'
end

return { admitted = admitted }

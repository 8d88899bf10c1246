-- LuaSocket's smtp, with LuaSec for TLS: what scripts in routers and game servers send with. It takes LOGIN where both are
-- offered, and has no STARTTLS.
local ltn12 = require("ltn12")
local mime = require("mime")
local smtp = require("socket.smtp")
local socket = require("socket")
local ssl = require("ssl")

local function slurp(name)
  local file = assert(io.open(os.getenv(name), "rb"))
  local content = file:read("a")
  file:close()
  return content
end

local function encoded(content, how)
  local lines = how == "base64" and ltn12.filter.chain(mime.encode("base64"), mime.wrap("base64"))
    or ltn12.filter.chain(mime.normalize(), mime.encode("quoted-printable"), mime.wrap("quoted-printable"))
  return ltn12.source.chain(ltn12.source.string(content), lines)
end

local function part(kind, content, how, more)
  local headers = {["content-type"] = kind, ["content-transfer-encoding"] = how}
  for name, value in pairs(more or {}) do headers[name] = value end
  return {headers = headers, body = encoded(content, how)}
end

-- A socket that speaks TLS from the first octet.
local function secured()
  local inner = assert(socket.tcp())
  local own = {}
  return setmetatable(own, {__index = function(_, name)
    if name == "connect" then
      return function(_, host, port)
        local connected, failed = inner:connect(host, port)
        if not connected then return connected, failed end
        inner = assert(ssl.wrap(inner, {
          mode = "client", protocol = "any", options = {"all", "no_sslv2", "no_sslv3"},
          verify = "peer", cafile = os.getenv("SMTP_CA"),
        }))
        inner:sni(host)
        return inner:dohandshake()
      end
    end
    return function(_, ...) return inner[name](inner, ...) end
  end})
end

local name = os.getenv("MAIL_ATTACHMENT"):match("[^/]+$")
local login = os.getenv("SMTP_AUTH") ~= "none"
local sent, failed = smtp.send {
  server = os.getenv("SMTP_HOST"),
  port = tonumber(os.getenv("SMTP_PORT")),
  domain = "tool.shop.example",
  create = os.getenv("SMTP_TLS") == "implicit" and secured or nil,
  user = login and os.getenv("SMTP_USER") or nil,
  password = login and os.getenv("SMTP_PASSWORD") or nil,
  from = "<" .. os.getenv("MAIL_FROM") .. ">",
  rcpt = "<" .. os.getenv("MAIL_TO") .. ">",
  source = smtp.message {
    headers = {
      from = "Demo Shop <" .. os.getenv("MAIL_FROM") .. ">",
      to = os.getenv("MAIL_TO"),
      subject = "=?utf-8?B?" .. mime.b64(os.getenv("MAIL_SUBJECT")) .. "?=",
      ["x-optgate-stream"] = os.getenv("MAIL_STREAM"),
      ["x-optgate-scope"] = os.getenv("MAIL_SCOPE"),
    },
    body = {
      {
        headers = {["content-type"] = "multipart/alternative"},
        body = {
          part("text/plain; charset=utf-8", slurp("MAIL_TEXT"), "quoted-printable"),
          part("text/html; charset=utf-8", slurp("MAIL_HTML"), "quoted-printable"),
        },
      },
      part("application/octet-stream", slurp("MAIL_ATTACHMENT"), "base64",
        {["content-disposition"] = 'attachment; filename="' .. name .. '"'}),
    },
  },
}
if not sent then
  io.stderr:write(failed, "\n")
  os.exit(1)
end

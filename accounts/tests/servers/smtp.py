"""A mail server (aiosmtpd) for tests: smtp.py FOLDER PORT CERTIFICATE KEY starttls|tls PUT_OFF

Takes letters from `films` with the password `a secret`, over TLS only, and writes each into FOLDER as
N.json. The first PUT_OFF letters are put off with 451; those for refused@… are refused with 550, and
both answers name the address. PORT 0 takes a free one; FOLDER/port has it once the server listens.
"""

import json
import ssl
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

folder, port, certificate, key, mode, put_off = sys.argv[1:]
folder = Path(folder)
put_off = int(put_off)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)


def authenticate(server, session, envelope, mechanism, auth_data):
    right = (auth_data.login, auth_data.password) == (b"films", b"a secret")
    return AuthResult(success=right)


class Handler:
    taken = 0
    seen = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return f"550 5.1.1 <{address}> is nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Handler.seen += 1
        if Handler.seen <= put_off:
            return f"451 4.7.1 {envelope.rcpt_tos[0]} has to wait"
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode(),
            "tls": session.ssl is not None or mode == "tls",
            "hello": session.host_name,
        }
        fresh = folder / "fresh"
        fresh.write_text(json.dumps(letter))
        fresh.rename(folder / f"{Handler.taken}.json")
        Handler.taken += 1
        return "250 OK"


class Server(Controller):
    """On the port that the system gives."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


options = {
    "authenticator": authenticate,
    "auth_required": True,
    "auth_require_tls": mode == "starttls",
}
if mode == "starttls":
    options |= {"tls_context": context, "require_starttls": True}
else:
    options |= {"ssl_context": context}

server = Server(Handler(), hostname="127.0.0.1", port=int(port), **options)
server.start()
(folder / "fresh").write_text(str(server.port))
(folder / "fresh").rename(folder / "port")
threading.Event().wait()

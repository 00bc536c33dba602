"""A proxy for one test: SOCKS5 or HTTP CONNECT, with or without a password. Arguments: kind, port, file to note its use in, password."""
import base64
import socket
import socketserver
import sys
import threading

KIND, PORT, NOTE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PASSWORD = sys.argv[4] if len(sys.argv) > 4 else None


def exactly(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            target = self.socks() if KIND == "socks5" else self.http()
        except EOFError:
            return
        if target is None:
            return
        open(NOTE, "w").close()
        back = threading.Thread(target=pump, args=(target, self.request), daemon=True)
        back.start()
        pump(self.request, target)

    def socks(self):
        sock = self.request
        _, count = exactly(sock, 2)
        methods = exactly(sock, count)
        if PASSWORD is None:
            sock.sendall(b"\x05\x00")
        else:
            if 2 not in methods:
                sock.sendall(b"\x05\xff")
                return None
            sock.sendall(b"\x05\x02")
            _, length = exactly(sock, 2)
            user = exactly(sock, length)
            password = exactly(sock, exactly(sock, 1)[0])
            good = user == b"proxy-user" and password == PASSWORD.encode()
            sock.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        _, _, _, sort = exactly(sock, 4)
        if sort == 1:
            host = socket.inet_ntoa(exactly(sock, 4))
        else:
            host = exactly(sock, exactly(sock, 1)[0]).decode()
        port = int.from_bytes(exactly(sock, 2), "big")
        target = socket.create_connection((host, port))
        sock.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        return target

    def http(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += exactly(self.request, 1)
        lines = head.decode().split("\r\n")
        if PASSWORD is not None:
            login = base64.b64encode(f"proxy-user:{PASSWORD}".encode()).decode()
            if f"Proxy-Authorization: Basic {login}" not in lines:
                self.request.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return None
        host, port = lines[0].split()[1].rsplit(":", 1)
        target = socket.create_connection((host, int(port)))
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return target


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", PORT), Handler).serve_forever()

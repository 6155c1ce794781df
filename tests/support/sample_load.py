#!/usr/bin/python3 -B
"""sample_load.py PORT: a small, bounded load on a server of one's own, so that every connection state has someone in it.

At most 64 connections and about 40 requests a second, from loopback, until it is told to stop (TERM, INT) or its
parent is gone. Nothing here measures anything: see tests/bench for that.
"""
import argparse
import asyncio
import os
import random
import signal
import socket

HOST = "127.0.0.1"
BIG_FILE = "/big.bin"  # larger than any socket buffer: its readers are slow
PAGES = ("/", "/page-1.html", "/page-2.html", "/style.css", "/no-such-page")


class Load:
    def __init__(self, port):
        self.port = port

    async def connect(self, receive_buffer=0):
        """A connection, its reader limited to a small window when receive_buffer says so."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (HOST, self.port))
            return await asyncio.open_connection(sock=sock, limit=max(receive_buffer, 2 ** 16))
        except BaseException:
            sock.close()
            raise

    @staticmethod
    def head(target, method="GET", extra=""):
        return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: sample-load\r\n{extra}\r\n".encode()

    @staticmethod
    async def response(reader):
        """Reads one response; says whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
        if "chunked" in fields.get("transfer-encoding", ""):
            while size := int((await reader.readline()).split(b";")[0], 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        elif " 304 " not in head.split("\r\n")[0] and "content-length" in fields:
            await reader.readexactly(int(fields["content-length"]))
        return "close" not in fields.get("connection", "")

    async def visitor(self, reader, writer):
        """Keep-alive: a few requests, a pause shorter than the server's patience or a little longer."""
        for _ in range(random.randint(3, 40)):
            writer.write(self.head(random.choice(PAGES)))
            if not await self.response(reader):
                return
            await asyncio.sleep(random.uniform(0.2, 3.0))

    async def sleeper(self, reader, writer):
        """Running: a request that keeps a worker thread busy."""
        for _ in range(random.randint(1, 5)):
            writer.write(self.head(f"/mpmd-test/sleep?{random.randint(1, 6)}"))
            if not await self.response(reader):
                return
            await asyncio.sleep(random.uniform(0.1, 2.0))

    async def half_head(self, reader, writer):
        """Reading: a request that arrives a field at a time, and never quite."""
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        for number in range(random.randint(2, 8)):
            await asyncio.sleep(random.uniform(1.0, 2.0))
            writer.write(f"X-Field-{number}: later\r\n".encode())
            await writer.drain()

    async def half_body(self, reader, writer):
        """Waiting: a body that is announced and comes in small pieces."""
        writer.write(self.head("/mpmd-test/bytes?100", "POST", "Content-Length: 64\r\n"))
        for _ in range(8):
            await asyncio.sleep(random.uniform(0.5, 1.5))
            writer.write(b"12345678")
            await writer.drain()
        await self.response(reader)

    async def slow_reader(self, reader, writer):
        """Writing: a big file through a small window, slowly."""
        writer.write(self.head(BIG_FILE))
        for _ in range(random.randint(50, 150)):
            if not await reader.read(8192):
                return
            await asyncio.sleep(0.2)

    async def rude(self, reader, writer):
        """Closing: what it sends is refused, and it is slow to go."""
        writer.write(b"GET / HTTP/1.1\r\nBad Field: x\r\n\r\n" + b"unread " * 8)
        await reader.read(4096)
        await asyncio.sleep(random.uniform(1.5, 3.0))

    async def forever(self, visit, receive_buffer=0):
        """One place in the load: a connection after another, whatever becomes of them."""
        await asyncio.sleep(random.uniform(0, 0.5))
        while True:
            writer = None
            try:
                reader, writer = await self.connect(receive_buffer)
                await asyncio.wait_for(visit(reader, writer), 120)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError):
                pass
            finally:
                if writer is not None:
                    writer.close()
            await asyncio.sleep(random.uniform(0.1, 1.0))

    def places(self):
        for visit, count, receive_buffer in ((self.visitor, 32, 0), (self.sleeper, 12, 0), (self.half_head, 6, 0),
                                             (self.half_body, 3, 0), (self.slow_reader, 5, 8192), (self.rude, 4, 0)):
            for _ in range(count):
                yield self.forever(visit, receive_buffer)

    async def run(self):
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        tasks = [asyncio.create_task(place) for place in self.places()]
        parent = os.getppid()
        while not stop.is_set() and os.getppid() == parent:
            try:
                await asyncio.wait_for(stop.wait(), 0.5)
            except asyncio.TimeoutError:
                pass
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    asyncio.run(Load(parser.parse_args().port).run())

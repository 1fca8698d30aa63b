"""HTTP/2 by hand (RFC 9113), as right or as wrong as a test wants it. Loopback only."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 6, 7, 8, 9)
END_STREAM, END_HEADERS = 0x1, 0x4
INTERNAL_ERROR = 2  # of HTTP/2
INTERNAL = 13  # the status that gRPC's clients make of it
ANSWER_TIMEOUT_S = 10


def frame(kind, payload=b"", flags=0, stream=0, length=None):
    """`length`: what the frame says of itself, if not the truth."""
    said = len(payload) if length is None else length
    return struct.pack(">I", said)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    """A string of HPACK, not Huffman coded; up to 126 bytes."""
    return bytes([len(value)]) + value.encode()


def headers(path, *more):
    """A request's header block: literals that no table keeps."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
              ("te", "trailers"), ("content-type", "application/grpc"), *more]
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def message(payload, flag=0, length=None):
    """gRPC's length-prefixed message."""
    return struct.pack(">BI", flag, len(payload) if length is None else length) + payload


def call(path, data, *more):
    """One request on stream 1, whole."""
    return (PREFACE + frame(SETTINGS) + frame(HEADERS, headers(path, *more), END_HEADERS, 1) +
            frame(DATA, data, END_STREAM, 1))


def connect(address):
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=ANSWER_TIMEOUT_S)
    # A close resets: ten thousand sockets in TIME_WAIT would be in the way of the next test.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


def answer_to(address, sent):
    """All that comes back until the server closes, or ends stream 1; then whether it did either."""
    with connect(address) as connection:
        received = b""
        try:
            connection.sendall(sent)
            while not ends_stream(received):
                more = connection.recv(65536)
                if not more:
                    break
                received += more
        except ConnectionError:
            pass
        except TimeoutError:
            return received, False
        return received, True


def frames(received):
    while len(received) >= 9:
        length = int.from_bytes(received[:3], "big")
        yield received[3], received[4], received[9:9 + length]
        received = received[9 + length:]


def ends_stream(received):
    return any(kind in (RST_STREAM, GOAWAY) or (kind == HEADERS and flags & END_STREAM)
               for kind, flags, _ in frames(received))


def grpc_status(received):
    """The status in the trailers, or what a reset stream stands for; None: there was neither.

    gRPC writes the name out once, as plain text.
    """
    for kind, _, payload in frames(received):
        at = payload.find(b"grpc-status")
        if kind == HEADERS and at >= 0:
            at += len("grpc-status")
            return int(payload[at + 1:at + 1 + payload[at]])
        if kind == RST_STREAM and int.from_bytes(payload, "big") == INTERNAL_ERROR:
            return INTERNAL
    return None

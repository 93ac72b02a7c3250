"""Connects from many addresses of 127/8 at a rate, for a time: flood.py HOST PORT PER_SECOND SECONDS SOURCE_PREFIX. Prints how many it tried.

Sockets are non-blocking and abandoned at once, a thousand at a time, so that nothing here waits for an answer. Used by attack.test.ts.
"""
import socket
import struct
import sys
import time

host, port, rate, seconds, prefix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
start = time.monotonic()
tried = 0
open_sockets = []
while (now := time.monotonic() - start) < seconds:
    due = int(now * rate) - tried
    if due <= 0:
        time.sleep(0.0005)
        continue
    for _ in range(min(due, 200)):
        each = socket.socket()
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        each.bind((f"{prefix}.{tried // 250 % 250 + 1}.{tried % 250 + 1}", 0))
        each.connect_ex((host, port))
        open_sockets.append(each)
        tried += 1
    while len(open_sockets) > 1000:
        open_sockets.pop(0).close()
print(tried)

# The same measurements as client.ts with Debian's python3-libvirt: `client.py WHAT URI COUNT`.
import json
import resource
import sys
import threading
import time

import libvirt

IN_FLIGHT = 32


def per_call_us(count, call):
    for _ in range(count // 5):
        call()
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) * 1e6 / count


def info(conn, count):
    return per_call_us(count, conn.lookupByName("test").info)


def xml(conn, count):
    return per_call_us(count, conn.lookupByName("test").XMLDesc)


def domstate(conn, count):
    return per_call_us(count, lambda: conn.lookupByName("test").state())


def flight(conn, count):
    domain = conn.lookupByName("test")
    share = -(-count // IN_FLIGHT)

    def each():
        for _ in range(share):
            domain.info()

    def run_all():
        threads = [threading.Thread(target=each) for _ in range(IN_FLIGHT)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    run_all()
    return run_all() * 1e6 / (share * IN_FLIGHT)


def stats(conn, count):
    for _ in range(3):
        conn.getAllDomainStats()
    return per_call_us(count, conn.getAllDomainStats) / 1000


def cpu(conn, count):
    domain = conn.lookupByName("test")
    for _ in range(count):
        domain.info()
    start = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(count):
        domain.info()
    end = resource.getrusage(resource.RUSAGE_SELF)
    used = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return used * 1e6 / count


def upload(conn, size):
    volume = conn.storagePoolLookupByName("bench").storageVolLookupByName("raw")
    chunk = b"\x5a" * (256 * 1024)
    left = [size]

    def source(_stream, wanted, _opaque):
        part = chunk[: min(wanted, left[0])]
        left[0] -= len(part)
        return part

    start = time.perf_counter()
    stream = conn.newStream(0)
    volume.upload(stream, 0, size, 0)
    stream.sendAll(source, None)
    stream.finish()
    return time.perf_counter() - start


def download(conn, size):
    volume = conn.storagePoolLookupByName("bench").storageVolLookupByName("raw")
    got = [0]

    def sink(_stream, data, _opaque):
        got[0] += len(data)
        return len(data)

    start = time.perf_counter()
    stream = conn.newStream(0)
    volume.download(stream, 0, 0, 0)
    stream.recvAll(sink, None)
    stream.finish()
    seconds = time.perf_counter() - start
    if got[0] != size:
        raise RuntimeError(f"got {got[0]} bytes, not {size}")
    return seconds


what, uri, count = sys.argv[1:]
measure = {
    "info": info,
    "xml": xml,
    "domstate": domstate,
    "flight": flight,
    "stats": stats,
    "cpu": cpu,
    "upload": upload,
    "download": download,
}[what]
connection = libvirt.open(uri)
print(json.dumps(measure(connection, int(count))))
connection.close()

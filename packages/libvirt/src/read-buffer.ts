import type { OnReadOpts, Socket } from 'node:net';

/** What a socket holds at most, more or less: more than this is never there to be read. */
const LARGEST = 256 * 1024;
const FIRST = 64 * 1024;
/** Up to this size copying is cheaper than another buffer. */
const WORTH_COPYING = 16 * 1024;

/**
 * Lets a socket read into a buffer that is used again, and emit `data` as it always does. Node
 * itself takes 64 KiB for each read and gives back what a short reply leaves of it, which costs
 * more than decoding that reply; and for a long download it reads too little at once.
 */
export function readBuffer(socket: () => Socket): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(FIRST);
  return {
    buffer: () => buffer,
    callback: (size) => {
      const chunk = buffer.subarray(0, size);
      if (size <= WORTH_COPYING) {
        emit(socket(), Buffer.from(chunk));
      } else {
        buffer = Buffer.allocUnsafeSlow(size < buffer.length ? buffer.length : LARGEST);
        emit(socket(), chunk);
      }
      // A paused socket may read once more, and with a buffer of ours Node does not stop it.
      return !socket().isPaused();
    },
  };
}

function emit(socket: Socket, chunk: Buffer): void {
  // What comes before anyone listens is kept.
  if (!socket.emit('data', chunk)) socket.push(chunk);
}

/**
 * The WebSocket subprotocol of viewers that take readings, windows and gaps as binary frames (`live-frame.ts`). All other
 * messages stay JSON. Without it everything is JSON.
 */
export const liveBinaryProtocol = 'fieldline.live.binary.1';

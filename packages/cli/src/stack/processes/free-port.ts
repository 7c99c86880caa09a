import { createServer } from "node:net";

/** A port of 127.0.0.1 that was free a moment ago: `preferred` if it is, else any. Another process may still take it first. */
export async function findFreePort(preferred = 0): Promise<number> {
  try {
    return await bindOnce(preferred);
  } catch (error) {
    if (preferred === 0) throw error;
    return await bindOnce(0);
  }
}

function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === "object") resolve(address.port);
        else reject(new Error("The probe server has no port."));
      });
    });
  });
}

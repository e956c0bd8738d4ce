/** Stands for the package `socks`, which the MQTT client names and the agent never uses: a proxy is not offered. */
export const SocksClient = {
  createConnection(): Promise<never> {
    return Promise.reject(new TypeError('the bundled agent knows no SOCKS proxies'));
  },
};

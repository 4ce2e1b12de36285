import type { ChildProcess } from 'node:child_process';

/** Waits until a Prometheus whose log is piped is ready, and returns its URL. @throws an Error with its log if it ends before */
export function prometheusAddress(child: ChildProcess, closed: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      // Prometheus 3 logs the component between the two.
      const address = /msg="Listening on"(?: component=\w+)? address=(\S+)/.exec(log)?.[1];
      if (address !== undefined && log.includes('Server is ready to receive web requests'))
        resolve(`http://${address}`);
    });
    void closed.then(() => reject(new Error(`prometheus ended: ${log}`)));
  });
}

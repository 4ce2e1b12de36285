/** Which paths the metrics endpoint can have. */

/**
 * Whether a path can be served as it is written. Routers read `:`, `*`, `(`, `{` and the like as patterns, which match other
 * paths too; clients resolve `.` and `..`; a slash at the end is another path.
 */
export function isMetricsPath(path: string): boolean {
  return (
    path === '/' || (/^(?:\/[\w.~-]+)+$/.test(path) && !path.split('/').some((part) => /^\.\.?$/.test(part)))
  );
}

/** Whether a path is one of the health endpoints, which probes would then ask in vain. */
export function isHealthPath(path: string): boolean {
  return /^\/(?:health|ready|(?:livez|readyz)(?:\/.*)?)$/i.test(path);
}

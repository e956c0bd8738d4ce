/** Put in by the bundler where a bundle is to report another version than its sources. */
declare const FIELDLINE_AGENT_VERSION: string | undefined;

/** The version of the agent, as its status reports it; a test holds it to that of the package. */
export const agentVersion: string =
  typeof FIELDLINE_AGENT_VERSION === 'string' ? FIELDLINE_AGENT_VERSION : '0.1.0';

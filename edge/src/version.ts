/** The version of the agent, as its status reports it; a test holds it to that of the package. */
export const agentVersion = '0.1.0';

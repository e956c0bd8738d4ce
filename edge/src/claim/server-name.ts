/** The name that certificates of a gateway's own authority carry, wherever the gateway is. */
export const gatewayServerName = 'fieldline-gateway';

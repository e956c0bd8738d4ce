/** The version of the gateway, as `GET /api/v1/about` tells it; a test holds it to that of the package. */
export const gatewayVersion = '0.1.0';

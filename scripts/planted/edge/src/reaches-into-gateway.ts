export { startGateway } from '@fieldline/gateway';

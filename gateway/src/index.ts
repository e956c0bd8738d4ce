export { checkOptions } from './config/check-options.ts';
export { environmentOptions } from './config/environment.ts';
export { GatewayFile, type GatewayOptions } from './config/gateway-schema.ts';
export { loadGatewayConfig } from './config/load-gateway-config.ts';
export { defaultInfluxDatabase, defaultLimits, defaultListen } from './config/resolve-config.ts';
export { defaultSecureListen, defaultTls } from './config/resolve-tls.ts';
export { startGateway, type GatewayHost, type RunningGateway } from './gateway.ts';
export { backupHome, restoreHome, type BackupSummary } from './home/backup.ts';
export { defaultHome } from './home/home.ts';

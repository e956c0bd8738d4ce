import type { Component } from 'svelte';
import type { PageName } from '../lib/state/routes.ts';

/** A page's component, fetched when the page is first opened: the first screen loads nothing it does not show. */
export type LoadView = () => Promise<{ default: Component }>;

/** The view of each page. A view takes no properties: it reads the route of the dashboard. */
export const views: Readonly<Record<PageName, LoadView>> = {
  fleet: () => import('./FleetView.svelte'),
  map: () => import('./MapView.svelte'),
  device: () => import('./DeviceView.svelte'),
  config: () => import('./ConfigView.svelte'),
  explore: () => import('./ExploreView.svelte'),
  pipeline: () => import('./PipelineView.svelte'),
  ledger: () => import('./LedgerView.svelte'),
  about: () => import('./AboutView.svelte'),
  users: () => import('./UsersView.svelte'),
  audit: () => import('./AuditView.svelte'),
  addDevice: () => import('./AddDeviceView.svelte'),
  alerts: () => import('./AlertsView.svelte'),
  newAlertRule: () => import('./AlertRuleView.svelte'),
  alertRule: () => import('./AlertRuleView.svelte'),
  deadLetters: () => import('./DeadLettersView.svelte'),
  unknown: () => import('./NotFoundView.svelte'),
};

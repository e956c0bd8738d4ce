/**
 * Headers of every answer. Scripts and styles come from the gateway alone, none of them inline: no element and no
 * attribute of the markup. What charts, maps and the editor set goes through the style objects of their elements
 * (CSSOM), which the policy does not concern (CSP Level 3, 6.1.14).
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

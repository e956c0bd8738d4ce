/**
 * Bytes that messages of version 1 are likely to hold, most likely ones last: the preset dictionary of the
 * `dictionary` form (RFC 1950 section 2.2, FDICT). Frozen: another text is another dictionary, which zlib
 * tells apart by its Adler-32. The same bytes lie in protocol/vectors/dictionary-1.bin.
 */
export const dictionary: Uint8Array = Buffer.from(
  [
    'j2ZhbmNob3JmYm9vdElka21vbm90b25pY1VzZndhbGxVc2hob2xkb3ZlcmV1bnNldGdiYWNrbG9nZ2Ryb3BwZWRncGFydGlhbGVl',
    'eHRyYfVnc2Vzc2lvbmljb3VudDoxMDBiMW1iNXOTaGh1bWlkaXR5YyVSSGhwcmVzc3VyZWNoUGFnY3VycmVudGFBZXBvd2VyYVdl',
    'Y291bnRjZGVnZmNvdXJzZWpzYXRlbGxpdGVzZGhkb3BibVZhS2JseGNjaDFjY2gyY2NoM6Zmc2Vuc29yZGduc3NkdHlwZWRnbnNz',
    'ZGtpbmRkZ2Fwc2Rmcm9tQGJ0b0BmcmVhc29ugWdzaWxlbmNlpWZzZW5zb3JjZ3BzZHR5cGVkZ25zc2RraW5kaHJlYWRpbmdzYXRA',
    'ZmZpZWxkc6djbGF0omR1bml0Y2xhdGF2QGNsb26iZHVuaXRjbG9uYXZAaGFsdGl0dWRlomR1bml0YW1hdkBlc3BlZWSiZHVuaXRj',
    'bS9zYXZAZmNvdXJzZaJkdW5pdGNkZWdhdkBqc2F0ZWxsaXRlc6JkdW5pdGVjb3VudGF2QGRoZG9wo2R1bml0YTFhdkBhcUCnZnNl',
    'bnNvcmNhZGNkdHlwZWNhZGNka2luZGd3aW5kb3dzZndpbmRvd2Ixc2VzdGFydEBjZW5kQGZmaWVsZHOhY2NoMKlkdW5pdGFWZWNv',
    'dW50QGNzdW1AY21pbkBjbWF4QGVmaXJzdEBkbGFzdEBibTJAZnNrZXRjaIFAp2ZzZW5zb3JgZHR5cGVrdGhlcm1vbWV0ZXJka2lu',
    'ZGd3aW5kb3dzZndpbmRvd2MxMHNlc3RhcnRAY2VuZEBmZmllbGRzoWt0ZW1wZXJhdHVyZalkdW5pdGNDZWxlY291bnRAY3N1bUBj',
    'bWluQGNtYXhAZWZpcnN0QGRsYXN0QGJtMkBmc2tldGNogUCrYXYBZmRldmljZWBlZXBvY2hgY3NlcRkBAGZib290SWRgZnNlbnRB',
    'dBsABmUXKJiAAGVjbG9ja2ZzeW5jZWRtY29uZmlnVmVyc2lvbgBkbGFuZWRsaXZlZ3NlbnNvcnOBpWZzZW5zb3JgZHR5cGVrdGhl',
    'cm1vbWV0ZXJka2luZGhyZWFkaW5nc2F0QGZmaWVsZHOha3RlbXBlcmF0dXJlomR1bml0Y0NlbGF2QGZsZWRnZXKhbC90ZW1wZXJh',
    'dHVyZaZldGFrZW4AaGZpbHRlcmVkAGdyZWZ1c2VkAGRsb3N0AGRvcGVuAGdiYXRjaGVkAA==',
  ].join(''),
  'base64',
);

/**
 * The unit symbols of the SenML registry: RFC 8428 section 12.1 (the first rows, `count` and the deprecated
 * `%EL`, `EL` included) and the secondary units of RFC 8798 section 3.
 */
export const senmlUnits: ReadonlySet<string> = new Set(
  [
    'm kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s',
    'W/m2 cd/m2 bit bit/s lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m',
    'B VA VAs var vars J/m kg/m3 deg',
    'ms min h MHz kW kVA kvar Ah Wh kWh varh kvarh kVAh Wh/km KiB GB Mbit/s B/s MB/s mV mA dBm ug/m3 mm/h m/h ppm',
    '/100 /1000 hPa mm cm km km/h',
  ].flatMap((row) => row.split(' ')),
);

/** The longest unit accepted on the wire, in characters. */
export const maxUnitLength = 32;

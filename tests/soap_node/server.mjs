// A SOAP service whose messages npm's `soap` writes by itself, from a WSDL: for the system tests.
// SOAP_WSDL is the file, SOAP_MODE `open`, `text` or `digest` (a WS-Security UsernameToken), SOAP_12 its version.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { SOAP_HOME, SOAP_WSDL, SOAP_MODE, SOAP_12, SOAP_USER, SOAP_PASSWORD } = process.env;
const require = createRequire(`${SOAP_HOME}/`);
const soap = require('soap');

const taxpayer = (nid, band) => ({ nid, tax_year: 2025, taxpayer_status: 'registered', income_band: band });
const fault = (code, text) => SOAP_12
  ? { Fault: { Code: { Value: `soap:${code}` }, Reason: { Text: text } } }
  : { Fault: { faultcode: `soap:${code}`, faultstring: text } };

function FindTaxpayer({ Nid }) {
  switch (Nid) {
    case '1000000001': return { taxpayer: [taxpayer(Nid, 'low')] };
    case '1000000002': return { taxpayer: [taxpayer(Nid, 'low'), taxpayer(Nid, 'middle')] };
    case '1000000003': throw fault(SOAP_12 ? 'Receiver' : 'Server', `register of ${Nid} is closed`);
    case '1000000004': throw fault(SOAP_12 ? 'Sender' : 'Client', `no tax number ${Nid}`);
    case '1000000005': throw { Fault: { ...fault(SOAP_12 ? 'Receiver' : 'Server', 'closed').Fault, statusCode: 200 } };
    case '1000000006': throw new Error(`a bug about ${Nid}`);
    default: return {};
  }
}

const server = createServer((_, response) => { response.statusCode = 404; response.end(); });
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const wsdl = readFileSync(SOAP_WSDL, 'utf8');
  const service = soap.listen(server, {
    path: '/tax',
    services: { TaxService: { TaxPort: { FindTaxpayer } } },
    xml: wsdl,
    uri: SOAP_WSDL,
    forceSoap12Headers: Boolean(SOAP_12),
    callback: () => console.log(`ready ${port}`),
  });
  service.authenticate = (security) => {
    if (SOAP_MODE === 'open') return true;
    const token = security?.UsernameToken;
    if (token?.Username !== SOAP_USER) return false;
    if (SOAP_MODE === 'text') return token.Password.$value === SOAP_PASSWORD;
    const wanted = soap.passwordDigest(token.Nonce.$value, token.Created, SOAP_PASSWORD);
    return token.Password.$value === wanted;
  };
});

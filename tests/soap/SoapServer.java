import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import javax.security.auth.callback.Callback;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Merlin;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.common.ext.WSSecurityException;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDataRef;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * A SOAP service guarded by Apache WSS4J: it demands a UsernameToken or an X.509 signature over Body and
 * Timestamp, and signs its answers. Arguments: port, folder with server.p12 and clients.p12, "username" or
 * "signature", user, password, SOAP version.
 */
public final class SoapServer {
    private static final String WSU = WSConstants.WSU_NS;
    private static final char[] PASSWORD = "for tests only".toCharArray();
    private static String envelope;
    private static String demand;
    private static String user;
    private static String secret;
    private static boolean isTwelve;
    private static Merlin server;
    private static Merlin clients;

    public static void main(String[] args) throws Exception {
        demand = args[2];
        user = args[3];
        secret = args[4];
        isTwelve = args[5].equals("1.2");
        envelope = isTwelve ? WSConstants.URI_SOAP12_ENV : WSConstants.URI_SOAP11_ENV;
        WSSConfig.init();
        server = new Merlin();
        server.setKeyStore(store(args[1] + "/server.p12"));
        clients = new Merlin();
        clients.setTrustStore(store(args[1] + "/clients.p12"));
        InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
        HttpServer http = HttpServer.create(at, 16);
        http.createContext("/", SoapServer::serve);
        http.setExecutor(Executors.newFixedThreadPool(2));
        http.start();
        System.out.println("ready " + http.getAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) { /* until the parent goes */ }
        System.exit(0);
    }

    private static KeyStore store(String path) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(path)) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private static void serve(HttpExchange exchange) {
        try (exchange) {
            int status = 200;
            byte[] body;
            try {
                body = signed(answer(exchange.getRequestBody().readAllBytes()));
            } catch (WSSecurityException refused) {
                status = 500;
                // WSS4J names a code only where WS-Security has one; Apache CXF then says SecurityError.
                var code = refused.getFaultCode();
                body = fault("w:" + (code == null ? "SecurityError" : code.getLocalPart()));
            } catch (Exception broken) {
                status = 500;
                body = fault(isTwelve ? "e:Receiver" : "e:Server");
            }
            exchange.getResponseHeaders().add("Content-Type", isTwelve ? "application/soap+xml" : "text/xml; charset=utf-8");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        } catch (Exception gone) {
            // the client left
        }
    }

    private static String answer(byte[] request) throws Exception {
        Document document = parsed(request);
        RequestData data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setSigVerCrypto(clients);
        data.setAllowUsernameTokenNoPassword(false);
        data.setCallbackHandler(callbacks -> {
            for (Callback callback : callbacks) {
                if (callback instanceof WSPasswordCallback asked && user.equals(asked.getIdentifier())) {
                    asked.setPassword(secret);
                }
            }
        });
        WSHandlerResult result = new WSSecurityEngine().processSecurityHeader(document, data);
        demand(result);
        Element body = (Element) document.getDocumentElement().getElementsByTagNameNS(envelope, "Body").item(0);
        String person = body.getElementsByTagNameNS("urn:example:tax", "Person").item(0).getTextContent();
        String found = person.equals("A0000017")
            ? "<t:Assessment><t:Year>2025</t:Year><t:State>A</t:State><t:TaxableIncome>1999.99</t:TaxableIncome></t:Assessment>"
            : "<t:Status>UNKNOWN_PERSON</t:Status>";
        return "<t:GetAssessmentResponse xmlns:t=\"urn:example:tax\">" + found + "</t:GetAssessmentResponse>";
    }

    private static void demand(WSHandlerResult result) throws WSSecurityException {
        if (result == null || result.getActionResults().get(WSConstants.TS) == null) {
            throw new WSSecurityException(WSSecurityException.ErrorCode.INVALID_SECURITY);
        }
        if (demand.equals("username")) {
            if (result.getActionResults().get(WSConstants.UT) == null) {
                throw new WSSecurityException(WSSecurityException.ErrorCode.FAILED_AUTHENTICATION);
            }
            return;
        }
        Set<String> covered = new HashSet<>();
        List<WSSecurityEngineResult> signatures = result.getActionResults().get(WSConstants.SIGN);
        if (signatures != null && signatures.size() == 1) {
            for (Object reference : (List<?>) signatures.get(0).get(WSSecurityEngineResult.TAG_DATA_REF_URIS)) {
                covered.add(((WSDataRef) reference).getProtectedElement().getLocalName());
            }
        }
        if (!covered.containsAll(Set.of("Body", "Timestamp"))) {
            throw new WSSecurityException(WSSecurityException.ErrorCode.FAILED_CHECK);
        }
    }

    private static byte[] signed(String body) throws Exception {
        Document document = parsed(enveloped(body));
        WSSecHeader header = new WSSecHeader(document);
        header.insertSecurityHeader();
        WSSecTimestamp stamp = new WSSecTimestamp(header);
        stamp.setTimeToLive(300);
        stamp.build();
        WSSecSignature signature = new WSSecSignature(header);
        signature.setUserInfo("server", new String(PASSWORD));
        signature.setKeyIdentifierType(WSConstants.BST_DIRECT_REFERENCE);
        signature.setSignatureAlgorithm("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
        signature.setDigestAlgo("http://www.w3.org/2001/04/xmlenc#sha256");
        signature.getParts().add(new WSEncryptionPart("Body", envelope, "Content"));
        signature.getParts().add(new WSEncryptionPart("Timestamp", WSU, ""));
        signature.build(server);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource((Node) document), new StreamResult(out));
        return out.toByteArray();
    }

    private static byte[] fault(String code) {
        String inside = isTwelve
            ? "<e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>" + code + "</e:Value></e:Subcode></e:Code>"
                + "<e:Reason><e:Text xml:lang=\"en\">no</e:Text></e:Reason>"
            : "<faultcode>" + code + "</faultcode><faultstring>no</faultstring>";
        return enveloped("<e:Fault xmlns:w=\"" + WSConstants.WSSE_NS + "\">" + inside + "</e:Fault>");
    }

    private static byte[] enveloped(String body) {
        String text = "<e:Envelope xmlns:e=\"" + envelope + "\"><e:Body>" + body + "</e:Body></e:Envelope>";
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static Document parsed(byte[] data) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        DocumentBuilder builder = factory.newDocumentBuilder();
        return builder.parse(new ByteArrayInputStream(data));
    }
}

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.annotation.OptionalParam;
import ca.uhn.fhir.rest.annotation.RequiredParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.api.server.IBundleProvider;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.param.TokenOrListParam;
import ca.uhn.fhir.rest.param.TokenParam;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.SimpleBundleProvider;
import ca.uhn.fhir.rest.server.exceptions.AuthenticationException;
import ca.uhn.fhir.rest.server.interceptor.auth.AuthorizationInterceptor;
import ca.uhn.fhir.rest.server.interceptor.auth.IAuthRule;
import ca.uhn.fhir.rest.server.interceptor.auth.PolicyEnum;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.Coverage;
import org.hl7.fhir.r4.model.Identifier;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.QuestionnaireResponse;
import org.hl7.fhir.r4.model.Reference;

/** A FHIR R4 server over one Bundle file: HAPI's own REST layer, searches over what the file holds.
 * Arguments: port (0 chooses one), Bundle file, bearer token (empty: none), page size. Prints "ready PORT". */
public final class FhirServer {
  private static final FhirContext R4 = FhirContext.forR4Cached();

  public static void main(String[] args) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(args[0]));
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    Bundle bundle = R4.newJsonParser().parseResource(Bundle.class, Files.readString(Path.of(args[1])));
    context.addServlet(new ServletHolder(rest(bundle, args[2], Integer.parseInt(args[3]))), "/fhir/*");
    server.setHandler(context);
    server.start();
    System.out.println("ready " + connector.getLocalPort());
    System.in.read(); // ends with the test that started it
    server.stop();
  }

  private static RestfulServer rest(Bundle bundle, String token, int pageSize) {
    RestfulServer rest = new RestfulServer(R4);
    List<HashMapResourceProvider<?>> providers =
        List.of(new Patients(), new Coverages(), new Observations(), new Answers());
    for (Bundle.BundleEntryComponent entry : bundle.getEntry()) {
      for (HashMapResourceProvider<?> provider : providers) {
        store(provider, entry.getResource());
      }
    }
    rest.registerProviders(providers);
    FifoMemoryPagingProvider paging = new FifoMemoryPagingProvider(100);
    paging.setDefaultPageSize(pageSize);
    paging.setMaximumPageSize(pageSize);
    rest.setPagingProvider(paging);
    if (!token.isEmpty()) {
      rest.registerInterceptor(new Guard("Bearer " + token));
    }
    return rest;
  }

  @SuppressWarnings("unchecked")
  private static <T extends IBaseResource> void store(HashMapResourceProvider<T> provider, IBaseResource resource) {
    if (provider.getResourceType().isInstance(resource)) {
      provider.store((T) resource);
    }
  }

  /** Refuses everything without the token, as an OperationOutcome with HTTP 401. */
  private static final class Guard extends AuthorizationInterceptor {
    private final String expected;

    Guard(String expected) {
      super(PolicyEnum.ALLOW);
      this.expected = expected;
    }

    @Override
    public List<IAuthRule> buildRuleList(RequestDetails request) {
      if (!expected.equals(request.getHeader("Authorization"))) {
        throw new AuthenticationException("no valid token");
      }
      return super.buildRuleList(request);
    }
  }

  private static boolean has(List<Identifier> identifiers, TokenParam wanted) {
    return identifiers.stream()
        .anyMatch(
            one ->
                (wanted.getSystem() == null || wanted.getSystem().equals(one.getSystem()))
                    && one.getValue().equals(wanted.getValue()));
  }

  private static boolean points(Reference reference, ReferenceParam wanted) {
    return wanted == null || wanted.getIdPart().equals(reference.getReferenceElement().getIdPart());
  }

  private abstract static class Held<T extends IBaseResource> extends HashMapResourceProvider<T> {
    Held(Class<T> type) {
      super(R4, type);
    }

    List<T> only(Predicate<T> wanted) {
      return getStoredResources().stream().filter(wanted).toList();
    }

    IBundleProvider bundle(List<T> found) {
      return new SimpleBundleProvider(found);
    }
  }

  /** Patient?identifier=system|value,system|value */
  public static final class Patients extends Held<Patient> {
    Patients() {
      super(Patient.class);
    }

    @Search
    public IBundleProvider byIdentifier(@RequiredParam(name = "identifier") TokenOrListParam any) {
      return bundle(
          only(patient -> any.getValuesAsQueryTokens().stream().anyMatch(one -> has(patient.getIdentifier(), one))));
    }
  }

  /** Coverage?beneficiary=Patient/id&amp;status=active */
  public static final class Coverages extends Held<Coverage> {
    Coverages() {
      super(Coverage.class);
    }

    @Search
    public IBundleProvider byBeneficiary(
        @RequiredParam(name = "beneficiary") ReferenceParam who, @OptionalParam(name = "status") TokenParam status) {
      return bundle(
          only(
              one ->
                  points(one.getBeneficiary(), who)
                      && (status == null || status.getValue().equals(one.getStatus().toCode()))));
    }
  }

  /** Observation?subject=Patient/id&amp;category=functional-status */
  public static final class Observations extends Held<Observation> {
    Observations() {
      super(Observation.class);
    }

    @Search
    public IBundleProvider bySubject(
        @RequiredParam(name = "subject") ReferenceParam who, @OptionalParam(name = "category") TokenParam category) {
      return bundle(
          only(
              one ->
                  points(one.getSubject(), who)
                      && (category == null
                          || one.getCategory().stream()
                              .flatMap(each -> each.getCoding().stream())
                              .anyMatch(code -> code.getCode().equals(category.getValue())))));
    }
  }

  /** QuestionnaireResponse?subject=Patient/id */
  public static final class Answers extends Held<QuestionnaireResponse> {
    Answers() {
      super(QuestionnaireResponse.class);
    }

    @Search
    public IBundleProvider bySubject(@RequiredParam(name = "subject") ReferenceParam who) {
      return bundle(only(one -> points(one.getSubject(), who)));
    }
  }
}

package org.kist;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs all tests of the package, says each one's name, and counts in the words that the whole project uses. */
final class TestRun implements TestExecutionListener {
  private int passed = 0;
  private int failed = 0;

  public static void main(String[] arguments) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectPackage("org.kist"))
            .filters(includeClassNamePatterns(".*Test"))
            .build();
    TestRun run = new TestRun();
    LauncherFactory.create().execute(request, run);
    System.out.println(run.passed + " passed, " + run.failed + " failed");
    System.exit(run.failed == 0 && run.passed > 0 ? 0 : 1);
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    System.out.println("SKIPPED " + name(test) + ": " + reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == Status.ABORTED) {
      executionSkipped(test, result.getThrowable().map(Throwable::getMessage).orElse("aborted"));
    } else if (result.getStatus() == Status.FAILED) {
      // A container, such as a class, fails when what surrounds its tests does.
      ++failed;
      System.out.println("FAILED " + name(test));
      result.getThrowable().ifPresent(failure -> failure.printStackTrace(System.out));
    } else if (test.isTest()) {
      ++passed;
      System.out.println("passed " + name(test));
    }
  }

  private static String name(TestIdentifier test) {
    return test.getUniqueId().replaceAll("^.*\\[class:org\\.kist\\.|\\[|\\]", "").replaceAll("/\\w[\\w-]*:", ".");
  }
}

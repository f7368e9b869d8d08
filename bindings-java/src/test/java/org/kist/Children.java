package org.kist;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Processes with a virtual machine of their own, on the classes of this one. */
final class Children {
  private Children() {}

  /** The program that runs this process. */
  static String java() {
    return ProcessHandle.current().info().command().orElse("java");
  }

  /** Starts the main method of a class; what it prints is printed here. */
  static Process start(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(List.of(java(), "-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).inheritIO().start();
  }
}

/**
 * Kist, an embedded, typed, crash-safe key-value store. Begin at {@link org.kist.Kist#open(java.nio.file.Path)}.
 *
 * <p>All failures are unchecked {@link org.kist.KistException}s. Nothing is tied to a thread, virtual threads included. A closed
 * object, or one whose profile was closed, throws {@link org.kist.ClosedException}, whatever other threads do at that moment.
 */
package org.kist;

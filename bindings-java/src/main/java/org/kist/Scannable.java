package org.kist;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Counting and walking the entries of a store: a {@link Store}, where each walk has a snapshot of its own, or a store in a {@link
 * Reader}, where everything belongs to one snapshot.
 */
public sealed interface Scannable extends Lookup permits Store, Reader.View {
  /**
   * Number of entries.
   *
   * @return the number
   */
  long count();

  /**
   * Number of entries in a range, in time that does not depend on it; in a multi store, of values.
   *
   * @param range which entries
   * @return the number
   */
  long count(Range range);

  /**
   * Whether there is no entry.
   *
   * @return true when there is none
   */
  default boolean isEmpty() {
    return count() == 0;
  }

  /**
   * Walks entries in the order of their keys, without waiting for writers or holding them up. What is committed meanwhile is not
   * seen.
   *
   * @param range which entries, and in which direction
   * @return an iteration, to be closed by the caller unless it was walked to its end
   */
  Entries entries(Range range);

  /**
   * Walks all entries in ascending order of their keys.
   *
   * @return an iteration, to be closed by the caller unless it was walked to its end
   */
  default Entries entries() {
    return entries(Range.all());
  }

  /**
   * The values of a key, in their order: in a multi store any number, else at most one.
   *
   * @param key the key
   * @return the values
   */
  default List<Value> values(byte[] key) {
    List<Value> values = new ArrayList<>();
    try (Entries entries = entries(Range.only(key))) {
      entries.forEachRemaining(entry -> values.add(entry.value()));
    }
    return values;
  }

  /**
   * The values of a key, in their order: in a multi store any number, else at most one.
   *
   * @param key the key
   * @return the values
   */
  default List<Value> values(String key) {
    return values(Utf8.encode(key));
  }

  /**
   * Entries as a stream, sequential and in the order of their keys.
   *
   * @param range which entries, and in which direction
   * @return a stream, to be closed by the caller (try-with-resources) unless it was consumed to its end
   */
  default Stream<Entry> stream(Range range) {
    Entries entries = entries(range);
    int traits = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE | Spliterator.DISTINCT;
    return StreamSupport.stream(Spliterators.spliteratorUnknownSize(entries, traits), false).onClose(entries::close);
  }

  /**
   * All entries as a stream, in ascending order of their keys.
   *
   * @return a stream, to be closed by the caller (try-with-resources) unless it was consumed to its end
   */
  default Stream<Entry> stream() {
    return stream(Range.all());
  }

  /**
   * The member of the JSON value of a key that a JSON pointer (RFC 6901: {@code /name/0}) names; nothing else of the document is
   * decoded. {@link ErrorCode#INVALID_ARGUMENT} for what is no pointer.
   *
   * @param key the key
   * @param pointer names the member; empty for the whole document
   * @return its text as it stands there, or nothing where there is none
   * @throws WrongTypeException when the value is no JSON
   */
  Optional<Value.Json> member(byte[] key, String pointer);

  /**
   * The member of the JSON value of a key, as {@link #member(byte[], String)} gives it.
   *
   * @param key the key
   * @param pointer names the member; empty for the whole document
   * @return its text as it stands there, or nothing where there is none
   * @throws WrongTypeException when the value is no JSON
   */
  default Optional<Value.Json> member(String key, String pointer) {
    return member(Utf8.encode(key), pointer);
  }
}

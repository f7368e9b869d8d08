import CKist

/// What the keys of a store are.
public enum KeyType: UInt32, Sendable {
    /// Any bytes, ordered byte by byte.
    case bytes = 0
    // Integers of 8 to 64 bits, ordered as numbers.
    case u8, u16, u32, u64, i8, i16, i32, i64

    /// Bits of an integer key; 0 for bytes.
    var width: Int { self == .bytes ? 0 : 8 << ((Int(rawValue) - 1) % 4) }
    /// Whether the numbers may be negative.
    var isSigned: Bool { rawValue >= KeyType.i8.rawValue }
}

extension Store {
    /// The key of a number in this store, whose keys are integers. Throws `wrongKind` where they are bytes, and
    /// `outOfRange` when the number does not fit.
    public func key(_ number: some BinaryInteger) throws(KistError) -> Key {
        guard keys != .bytes else { throw KistError(.wrongKind, "store '\(name)': the keys are bytes, not integers") }
        let width = keys.width
        let fits: Bool
        if keys.isSigned {
            let rest = Int64(exactly: number).map { $0 >> (width - 1) }
            fits = rest == 0 || rest == -1
        } else {
            fits = UInt64(exactly: number).map { width == 64 || $0 >> width == 0 } ?? false
        }
        guard fits else { throw KistError(.outOfRange, "store '\(name)': the keys are \(keys), \(number) does not fit") }
        var bytes = [UInt8](repeating: 0, count: width / 8)
        kist_key_of_number(keys.rawValue, UInt64(truncatingIfNeeded: number), &bytes)
        return Key(bytes)
    }

    /// The number of a key of this store, as `N`; nil when it is none, or does not fit.
    public func number<N: FixedWidthInteger>(of key: Key, as type: N.Type = N.self) -> N? {
        guard keys != .bytes, key.bytes.count * 8 == keys.width else { return nil }
        let bits = kist_number_of_key(keys.rawValue, key.bytes)
        return keys.isSigned ? N(exactly: Int64(bitPattern: bits)) : N(exactly: bits)
    }

    /// The number of records in a range, in time that does not depend on it; in a multi store, of values.
    public func count(_ range: KeyRange) throws(KistError) -> Int {
        var count: UInt64 = 0
        try perform(keeping: self) { error in range.withCRange { kist_store_count_range(handle, $0, &count, error) } }
        return Int(clamping: count)
    }

    /// Removes the records of a range. Says how many there were.
    @discardableResult
    public func delete(_ range: KeyRange) throws(KistError) -> Int {
        try profile.refuseInsideOfWrite()
        var removed: UInt64 = 0
        try perform(keeping: self) { error in
            range.withCRange { kist_store_delete_range(handle, $0, &removed, error) }
        }
        return Int(clamping: removed)
    }

    /// Removes this value of a key only. Says whether it was there.
    @discardableResult
    public func delete(_ key: some KeyConvertible, value: some Storable) throws(KistError) -> Bool {
        try change(key) { key, done, error in
            value.storedValue.withCValue { kist_store_delete_value(handle, key.baseAddress, key.count, $0, done, error) }
        }
    }

    /// Stores a value when the key has none yet. Says whether it did.
    @discardableResult
    public func putIfAbsent(_ key: some KeyConvertible, _ value: some Storable) throws(KistError) -> Bool {
        try change(key) { key, done, error in
            value.storedValue.withCValue { kist_store_put_if_absent(handle, key.baseAddress, key.count, $0, done, error) }
        }
    }

    /// Gives the key the value `value` (nil: removes it) when it has the value `expected` (nil: when it has none), of the
    /// same type. Says whether it did. Throws `ambiguous` when the key has several values.
    @discardableResult
    public func compareAndSet(
        _ key: some KeyConvertible, expected: Value?, value: Value?
    ) throws(KistError) -> Bool {
        try change(key) { key, done, error in
            withOptional(expected) { old in
                withOptional(value) {
                    kist_store_compare_and_set(handle, key.baseAddress, key.count, old, $0, done, error)
                }
            }
        }
    }

    /// Adds to the integer under a key, which keeps its type; an absent one is the signed 0. Gives the new value. Throws
    /// `outOfRange` when it leaves its type, and `wrongType`.
    @discardableResult
    public func add(_ amount: Int64 = 1, to key: some KeyConvertible) throws(KistError) -> Value {
        try profile.refuseInsideOfWrite()
        var sum = kist_value()
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_store_add(handle, $0.baseAddress, $0.count, amount, &sum, error) }
        }
        return try Value(sum)
    }

    private func change(
        _ key: some KeyConvertible,
        _ call: (UnsafeRawBufferPointer, UnsafeMutablePointer<Bool>, UnsafeMutablePointer<kist_error>) -> kist_code
    ) throws(KistError) -> Bool {
        try profile.refuseInsideOfWrite()
        var done = false
        try perform(keeping: self) { error in key.withKeyBytes { call($0, &done, error) } }
        return done
    }
}

extension Writer {
    /// As `Store.add`.
    @discardableResult
    public func add(_ amount: Int64 = 1, to key: some KeyConvertible, in store: Store) throws(KistError) -> Value {
        var sum = kist_value()
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_writer_add(handle, store.handle, $0.baseAddress, $0.count, amount, &sum, error) }
        }
        return try Value(sum)
    }

    /// As `Store.compareAndSet`.
    @discardableResult
    public func compareAndSet(
        _ key: some KeyConvertible, expected: Value?, value: Value?, in store: Store
    ) throws(KistError) -> Bool {
        var done = false
        try perform(keeping: self) { error in
            key.withKeyBytes { key in
                withOptional(expected) { old in
                    withOptional(value) {
                        kist_writer_compare_and_set(
                            handle, store.handle, key.baseAddress, key.count, old, $0, &done, error)
                    }
                }
            }
        }
        return done
    }

    /// Removes this value of a key only. Says whether it was there.
    @discardableResult
    public func delete(
        _ key: some KeyConvertible, value: some Storable, in store: Store
    ) throws(KistError) -> Bool {
        var existed = false
        try perform(keeping: self) { error in
            key.withKeyBytes { key in
                value.storedValue.withCValue {
                    kist_writer_delete_value(handle, store.handle, key.baseAddress, key.count, $0, &existed, error)
                }
            }
        }
        return existed
    }

    /// Removes the records of a range. Says how many there were.
    @discardableResult
    public func delete(_ range: KeyRange, in store: Store) throws(KistError) -> Int {
        var removed: UInt64 = 0
        try perform(keeping: self) { error in
            range.withCRange { kist_writer_delete_range(handle, store.handle, $0, &removed, error) }
        }
        return Int(clamping: removed)
    }
}

/// Calls `body` with the value as the C interface takes it, or with nil.
private func withOptional(_ value: Value?, _ body: (UnsafePointer<kist_value>?) -> kist_code) -> kist_code {
    guard let value else { return body(nil) }
    return value.withCValue { body($0) }
}

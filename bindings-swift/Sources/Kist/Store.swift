import CKist

/// A named map from keys to typed values.
///
/// Each call here is a transaction of its own: what it writes is durable when it returns, unless the profile is
/// relaxed. Use `Profile.read` for several reads of one state, `Profile.write` for several writes that happen
/// together. Inside of `Profile.write`, write through its writer: calls here would wait for it for ever, so they throw
/// `misuse`. So they do on a thread that has begun a writer with `beginWriting`, until that has ended.
///
/// All calls throw `closed` after the store or its profile was closed, `tableNotFound` when the store was dropped,
/// `damaged` and `io`; those that write also `readOnly`, `keyTooLong`, `noSpace` and `latched`.
public final class Store: Sendable {
    /// The store's name.
    public let name: String
    /// Whether a key may have several values.
    public let isMulti: Bool
    /// What its keys are.
    public let keys: KeyType
    /// The profile that the store is in.
    public let profile: Profile
    let handle: kist_store

    init(name: String, isMulti: Bool, keys: KeyType, handle: kist_store, profile: Profile) {
        self.name = name
        self.isMulti = isMulti
        self.keys = keys
        self.handle = handle
        self.profile = profile
    }

    deinit {
        _ = kist_store_close(handle, nil)
    }

    /// Gives the store back; the data stays. Throws `closed` when that was done before.
    public func close() throws(KistError) {
        try perform(keeping: self) { kist_store_close(handle, $0) }
    }

    /// The value of a key, of whatever type; nil when there is none.
    public func get(_ key: some KeyConvertible) throws(KistError) -> Value? {
        try get(key, as: Value.self)
    }

    /// The value of a key as the type asked for; nil when there is none.
    ///
    /// Throws `wrongType`, which names both types, when there is a value of another; but an unsigned integer is given
    /// as a signed one, and the other way round, when it fits.
    public func get<T: Storable>(_ key: some KeyConvertible, as type: T.Type) throws(KistError) -> T? {
        try Kist.get(key, as: type, keeping: self) { key, tag, value, found, error in
            kist_store_get(handle, key.baseAddress, key.count, tag, value, found, error)
        }
    }

    /// Stores a value under a key, in place of any value it had.
    ///
    /// Throws `invalidJson` when a JSON document does not parse, and `valueTooLong`.
    public func put(_ key: some KeyConvertible, _ value: some Storable) throws(KistError) {
        try profile.refuseInsideOfWrite()
        try perform(keeping: self) { error in
            key.withKeyBytes { key in
                value.storedValue.withCValue { kist_store_put(handle, key.baseAddress, key.count, $0, error) }
            }
        }
    }

    /// Removes a key. Says whether it was there.
    @discardableResult
    public func delete(_ key: some KeyConvertible) throws(KistError) -> Bool {
        try profile.refuseInsideOfWrite()
        var existed = false
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_store_delete(handle, $0.baseAddress, $0.count, &existed, error) }
        }
        return existed
    }

    /// Whether the key has a value, of whatever type.
    public func has(_ key: some KeyConvertible) throws(KistError) -> Bool {
        var found = false
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_store_has(handle, $0.baseAddress, $0.count, &found, error) }
        }
        return found
    }

    /// The number of records.
    public func count() throws(KistError) -> Int {
        var count: UInt64 = 0
        try perform(keeping: self) { kist_store_count(handle, &count, $0) }
        return Int(clamping: count)
    }

    /// Removes all records. Says how many there were.
    @discardableResult
    public func clear() throws(KistError) -> Int {
        try profile.refuseInsideOfWrite()
        var removed: UInt64 = 0
        try perform(keeping: self) { kist_store_clear(handle, &removed, $0) }
        return Int(clamping: removed)
    }

    /// The records of a range in the order of their keys. Each walk sees a snapshot of its own.
    public func records(
        _ range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
    ) -> Records {
        Records(store: self, reader: nil, range: range, reverse: reverse, limit: limit)
    }
}

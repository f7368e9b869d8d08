import CKist

/// A snapshot of all stores of a profile: it sees one state, whatever is written meanwhile.
///
/// A reader never waits and holds up no writer, but keeps the space of what it can see, so it should end. It ends
/// with the closure of `Profile.read`, with `end()`, or when nothing refers to it any more; after that its calls
/// throw `closed`. It may be used from any thread or task; calls from several take turns.
///
/// All calls throw `closed`, `misuse` (a store of another profile), `tableNotFound` (no such store in this
/// snapshot), `damaged` and `io`.
public final class Reader: Sendable {
    let profile: Profile
    let handle: kist_reader

    init(_ profile: Profile) throws(KistError) {
        var begun = kist_reader()
        try perform(keeping: profile) { kist_reader_begin(profile.handle, &begun, $0) }
        self.profile = profile
        handle = begun
    }

    deinit {
        _ = kist_reader_end(handle, nil)
    }

    /// Ends the reader and the walks that belong to it. Throws `closed` when it has ended before.
    public func end() throws(KistError) {
        try perform(keeping: self) { kist_reader_end(handle, $0) }
    }

    /// The transaction whose state is seen. Later commits have greater ids.
    public func id() throws(KistError) -> UInt64 {
        var id: UInt64 = 0
        try perform(keeping: self) { kist_reader_id(handle, &id, $0) }
        return id
    }

    /// The value of a key, of whatever type; nil when there is none.
    public func get(_ key: some KeyConvertible, in store: Store) throws(KistError) -> Value? {
        try get(key, as: Value.self, in: store)
    }

    /// The value of a key as the type asked for; nil when there is none.
    ///
    /// Throws `wrongType`, which names both types, when there is a value of another; but an unsigned integer is given
    /// as a signed one, and the other way round, when it fits.
    public func get<T: Storable>(
        _ key: some KeyConvertible, as type: T.Type, in store: Store
    ) throws(KistError) -> T? {
        try Kist.get(key, as: type, keeping: self) { key, tag, value, found, error in
            kist_reader_get_copy(handle, store.handle, key.baseAddress, key.count, tag, value, found, error)
        }
    }

    /// Whether the key has a value, of whatever type.
    public func has(_ key: some KeyConvertible, in store: Store) throws(KistError) -> Bool {
        var found = false
        try perform(keeping: self) { error in
            key.withKeyBytes { kist_reader_has(handle, store.handle, $0.baseAddress, $0.count, &found, error) }
        }
        return found
    }

    /// The number of records.
    public func count(of store: Store) throws(KistError) -> Int {
        var count: UInt64 = 0
        try perform(keeping: self) { kist_reader_count(handle, store.handle, &count, $0) }
        return Int(clamping: count)
    }

    /// The records of a range in the order of their keys.
    public func records(
        of store: Store, _ range: KeyRange = .all, reverse: Bool = false, limit: Int? = nil
    ) -> Records {
        Records(store: store, reader: self, range: range, reverse: reverse, limit: limit)
    }
}

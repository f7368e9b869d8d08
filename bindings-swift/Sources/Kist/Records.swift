import CKist

/// A key and its value.
public struct Record: Sendable, Hashable {
    /// The key.
    public let key: Key
    /// The value.
    public let value: Value

    /// A record of both.
    public init(key: Key, value: Value) {
        self.key = key
        self.value = value
    }
}

/// Which keys to walk. Bounds hold together: a key is walked when it satisfies all of them.
public struct KeyRange: Sendable, Hashable {
    /// Keys that begin with this; nil for all.
    public var prefix: Key?
    /// Keys from this on, itself included; nil for no bound.
    public var from: Key?
    /// Keys before this; nil for no bound.
    public var to: Key?
    /// This key only: all its values, in a multi store; nil for no bound.
    public var key: Key?

    /// The keys that satisfy all bounds given.
    public init(prefix: Key? = nil, from: Key? = nil, to: Key? = nil, key: Key? = nil) {
        self.prefix = prefix
        self.from = from
        self.to = to
        self.key = key
    }

    /// All keys.
    public static let all = KeyRange()

    /// The keys that begin with `prefix`.
    public static func prefix(_ prefix: some KeyConvertible) -> KeyRange { KeyRange(prefix: Key(prefix)) }

    /// The keys from `from` on, itself included.
    public static func from(_ from: some KeyConvertible) -> KeyRange { KeyRange(from: Key(from)) }

    /// That key alone: all its values, in a multi store.
    public static func only(_ key: some KeyConvertible) -> KeyRange { KeyRange(key: Key(key)) }

    /// The keys before `to`.
    public static func upTo(_ to: some KeyConvertible) -> KeyRange { KeyRange(to: Key(to)) }

    /// The keys from `from` on, itself included, and before `to`.
    public static func from(_ from: some KeyConvertible, to: some KeyConvertible) -> KeyRange {
        KeyRange(from: Key(from), to: Key(to))
    }
}

/// The records of a range of keys, read as they are walked.
///
/// A walk can fail in the middle, so each element says whether it is a record or an error:
///
///     for element in store.records(.prefix("window/")) {
///         let record = try element.get()
///         print(record.key, record.value)
///     }
///
/// After an error the walk is at its end, except after `badValue`, where the records behind the bad one follow.
/// Each walk starts anew; those of a reader end with it.
public struct Records: Sequence, Sendable {
    let store: Store
    /// The snapshot to walk; nil for a new one at each walk.
    let reader: Reader?
    let range: KeyRange
    let reverse: Bool
    let limit: Int?

    public func makeIterator() -> RecordIterator {
        RecordIterator(self)
    }

    /// All records of the range at once.
    public func all() throws(KistError) -> [Record] {
        var records: [Record] = []
        for element in self {
            records.append(try element.get())
        }
        return records
    }
}

/// A walk over records. It belongs to one task at a time.
public final class RecordIterator: IteratorProtocol {
    private let records: Records
    private var state = State.notBegun
    /// Records that were fetched and not yet given, the next one last.
    private var fetched: [Result<Record, KistError>] = []
    /// How many to fetch next: few at first, for walks that stop early.
    private var batchSize = 8

    private enum State {
        case notBegun
        case walking(Reader, kist_iterator)
        case ended
    }

    init(_ records: Records) {
        self.records = records
    }

    deinit {
        end()
    }

    /// The next record or the error in its place; nil at the end, and from then on.
    public func next() -> Result<Record, KistError>? {
        if fetched.isEmpty {
            do throws(KistError) {
                try fetch()
            } catch {
                if error.code != .badValue {
                    end()
                }
                return .failure(error)
            }
        }
        return fetched.popLast()
    }

    private func fetch() throws(KistError) {
        if case .notBegun = state {
            try begin()
        }
        guard case .walking(let reader, let handle) = state else { return }
        var batch = kist_records()
        defer { kist_records_free(&batch) }
        try perform(keeping: reader) { kist_iterator_next_many(handle, batchSize, maxBatchBytes, &batch, $0) }
        if batch.count == 0 {
            end()
        }
        batchSize = Swift.min(batchSize * 4, maxBatchSize)
        fetched = UnsafeBufferPointer(start: batch.items, count: batch.count).reversed().map { record in
            Result { () throws(KistError) in Record(key: Key(record.key), value: try Value(record.value)) }
        }
    }

    private func begin() throws(KistError) {
        state = .ended
        if let limit = records.limit, limit <= 0 { return }
        let reader = if let given = records.reader { given } else { try Reader(records.store.profile) }
        var begun = kist_iterator()
        try perform(keeping: reader) { error in
            records.withCRange {
                kist_iterator_begin(reader.handle, records.store.handle, $0, &begun, error)
            }
        }
        state = .walking(reader, begun)
    }

    private func end() {
        if case .walking(_, let handle) = state {
            _ = kist_iterator_close(handle, nil)
        }
        state = .ended
    }
}

private let maxBatchSize = 512
private let maxBatchBytes = 1 << 18

extension Records {
    fileprivate func withCRange(_ body: (UnsafePointer<kist_range>) -> kist_code) -> kist_code {
        range.withCRange(reverse: reverse, limit: limit, body)
    }
}

extension KeyRange {
    /// Calls `body` with the range as the C interface takes it; it is valid during the call only.
    func withCRange(
        reverse: Bool = false, limit: Int? = nil, _ body: (UnsafePointer<kist_range>) -> kist_code
    ) -> kist_code {
        func withBytes(_ key: Key?, _ body: (kist_bytes) -> kist_code) -> kist_code {
            guard let key else { return body(kist_bytes()) }
            return key.bytes.withUnsafeBufferPointer { body(kist_bytes(data: $0.baseAddress, size: $0.count)) }
        }
        return withBytes(prefix) { prefix in
            withBytes(from) { from in
                withBytes(to) { to in
                    withBytes(key) { key in
                        var range = kist_range()
                        range.struct_size = UInt32(MemoryLayout<kist_range>.size)
                        range.reverse = reverse
                        range.has_to = self.to != nil
                        range.prefix = prefix
                        range.from = from
                        range.to = to
                        range.limit = UInt64(limit ?? 0)
                        range.has_key = self.key != nil
                        range.key = key
                        return body(&range)
                    }
                }
            }
        }
    }
}

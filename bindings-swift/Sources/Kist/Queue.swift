import CKist
import Synchronization

/// Reads and writes of a profile that are done later, by others, in order: a read sees all writes that were queued here
/// before it, and none that were queued here after it.
///
/// Writes of all queues of a profile are committed in groups, so that many callers share one flush; each still happens
/// as a whole or not at all. Calls that queue a write do not suspend, so that their order is that of the calls; they
/// wait only while the profile's queue is full. `Profile.close()` waits for all that is queued.
///
///     let queue = try profile.queue()
///     let queued = try queue.put("host", "example.org", in: settings)
///     try await queued.durable()
public final class Queue: Sendable {
    let profile: Profile
    let handle: kist_queue

    init(_ profile: Profile, timeout: Duration?) throws(KistError) {
        var opened = kist_queue()
        let milliseconds = timeout.map(wholeMilliseconds) ?? kistWaitForever
        try perform(keeping: profile) { kist_queue_open(profile.handle, milliseconds, &opened, $0) }
        self.profile = profile
        handle = opened
    }

    deinit {
        _ = kist_queue_close(handle, nil)
    }

    /// Stores a value under a key.
    @discardableResult
    public func put(
        _ key: some KeyConvertible, _ value: some Storable, in store: Store, durability: Durability = .standard
    ) throws(KistError) -> Queued<Void> {
        try queue(durability, { _ in }) { completion, ticket, error in
            key.withKeyBytes { key in
                value.storedValue.withCValue {
                    kist_queue_put(handle, store.handle, key.baseAddress, key.count, $0, completion, ticket, error)
                }
            }
        }
    }

    /// Removes a key. The result says whether it was there.
    @discardableResult
    public func delete(
        _ key: some KeyConvertible, in store: Store, durability: Durability = .standard
    ) throws(KistError) -> Queued<Bool> {
        try queue(durability, { $0 == .bool(true) }) { completion, ticket, error in
            key.withKeyBytes {
                kist_queue_delete(handle, store.handle, $0.baseAddress, $0.count, completion, ticket, error)
            }
        }
    }

    /// Adds to the integer under a key, which keeps its type; an absent one is the signed 0. The result is the new value.
    @discardableResult
    public func add(
        _ amount: Int64, to key: some KeyConvertible, in store: Store, durability: Durability = .standard
    ) throws(KistError) -> Queued<Value> {
        try queue(durability, { $0 ?? .i64(0) }) { completion, ticket, error in
            key.withKeyBytes {
                kist_queue_add(handle, store.handle, $0.baseAddress, $0.count, amount, completion, ticket, error)
            }
        }
    }

    /// The value of a key as the type asked for; nil when there is none. It sees what was queued here before the call.
    public func get<T: Storable>(
        _ key: some KeyConvertible, as type: T.Type, in store: Store
    ) async throws(KistError) -> T? {
        let completion = Completion<Value?>()
        let context = Unmanaged.passRetained(completion)
        do {
            try perform(keeping: self) { error in
                key.withKeyBytes {
                    kist_queue_get(
                        handle, store.handle, $0.baseAddress, $0.count, T.storedTag?.rawValue ?? kist_tag(KIST_TAG_NONE),
                        readDone, context.toOpaque(), nil, error)
                }
            }
        } catch {
            context.release()
            throw error
        }
        guard let stored = try await completion.result() else { return nil }
        guard let result = T(storedValue: stored) else {
            throw KistError(.badValue, "the \(stored.tag) under the key '\(Key(key))' is no \(T.self)")
        }
        return result
    }

    /// Waits until every write that was queued before, here or elsewhere in this process, is durable.
    public func flush() async throws(KistError) {
        let written = Written(gives: { _ in })
        try written.start(moments: 1) { (context) throws(KistError) in
            var completion = completion(.standard, context)
            completion.moments = UInt32(KIST_MOMENT_DURABLE)
            try perform(keeping: self) { kist_queue_flush(handle, &completion, $0) }
        }
        try await written.durable.result()
    }

    /// Queues a write by `call`; `gives` makes the result of what the C interface tells.
    private func queue<T: Sendable>(
        _ durability: Durability, _ gives: @escaping @Sendable (Value?) -> T,
        _ call: (UnsafePointer<kist_completion>, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<kist_error>)
            -> kist_code
    ) throws(KistError) -> Queued<T> {
        let written = Written(gives: gives)
        var ticket: UInt64 = 0
        try written.start(moments: 2) { (context) throws(KistError) in
            var completion = completion(durability, context)
            try perform(keeping: self) { call(&completion, &ticket, $0) }
        }
        return Queued(queue: self, ticket: ticket, committed: written.committed, durable: written.durable)
    }

    private func completion(_ durability: Durability, _ context: UnsafeMutableRawPointer) -> kist_completion {
        var completion = kist_completion()
        completion.struct_size = UInt32(MemoryLayout<kist_completion>.size)
        completion.moments = UInt32(KIST_MOMENT_COMMITTED | KIST_MOMENT_DURABLE)
        completion.durability = durability.number
        completion.done = writeDone
        completion.context = context
        return completion
    }
}

/// A write that was queued, with both its moments. When it fails, or is cancelled, both throw.
public struct Queued<T: Sendable>: Sendable {
    let queue: Queue
    let ticket: UInt64
    let committedCompletion: Completion<T>
    let durableCompletion: Completion<T>

    init(queue: Queue, ticket: UInt64, committed: Completion<T>, durable: Completion<T>) {
        self.queue = queue
        self.ticket = ticket
        committedCompletion = committed
        durableCompletion = durable
    }

    /// Waits until everybody sees the write.
    @discardableResult
    public func committed() async throws(KistError) -> T {
        try await committedCompletion.result()
    }

    /// Waits until it is on the device.
    @discardableResult
    public func durable() async throws(KistError) -> T {
        try await durableCompletion.result()
    }

    /// Keeps the write from beginning: it fails with `cancelled`. Says whether it had not begun.
    @discardableResult
    public func cancel() throws(KistError) -> Bool {
        var cancelled = false
        try perform(keeping: queue) { kist_queue_cancel(queue.handle, ticket, &cancelled, $0) }
        return cancelled
    }
}

extension Profile {
    /// A queue for reads and writes that are done later. A write waits for room for `timeout`; nil waits without end.
    public func queue(timeout: Duration? = nil) throws(KistError) -> Queue {
        try Queue(self, timeout: timeout)
    }
}

/// A result that comes once, and those who wait for it.
final class Completion<T: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Result<T, KistError>, Never>])
        case done(Result<T, KistError>)
    }
    private let state = Mutex(State.waiting([]))

    func complete(_ result: Result<T, KistError>) {
        let waiting = state.withLock { state -> [CheckedContinuation<Result<T, KistError>, Never>] in
            guard case .waiting(let continuations) = state else { return [] }
            state = .done(result)
            return continuations
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }

    func result() async throws(KistError) -> T {
        let result = await withCheckedContinuation { continuation in
            let done = state.withLock { state -> Result<T, KistError>? in
                switch state {
                case .done(let result):
                    return result
                case .waiting(let continuations):
                    state = .waiting(continuations + [continuation])
                    return nil
                }
            }
            if let done { continuation.resume(returning: done) }
        }
        return try result.get()
    }
}

/// What the C interface tells of a write.
private class AnyWritten {
    func complete(_ moment: UInt32, _ result: Result<Value?, KistError>) {}
}

private final class Written<T: Sendable>: AnyWritten {
    let committed = Completion<T>()
    let durable = Completion<T>()
    private let gives: @Sendable (Value?) -> T

    init(gives: @escaping @Sendable (Value?) -> T) {
        self.gives = gives
    }

    override func complete(_ moment: UInt32, _ result: Result<Value?, KistError>) {
        (moment == UInt32(KIST_MOMENT_COMMITTED) ? committed : durable).complete(result.map(gives))
    }

    /// Gives `call` this object as a context that `writeDone` lets go of, once for each moment.
    func start(moments: Int, _ call: (UnsafeMutableRawPointer) throws(KistError) -> Void) throws(KistError) {
        let context = Unmanaged<AnyWritten>.passUnretained(self)
        for _ in 0..<moments { _ = context.retain() }
        do {
            try call(context.toOpaque())
        } catch {
            for _ in 0..<moments { context.release() }
            throw error
        }
    }
}

/// What `code` and the message say.
private func outcome(
    _ code: kist_code, _ message: UnsafePointer<CChar>?, _ size: Int, _ value: UnsafePointer<kist_value>?
) -> Result<Value?, KistError> {
    guard code == KIST_OK else {
        return .failure(KistError(ErrorCode(rawValue: code) ?? .internal, text(UnsafeRawPointer(message), size)))
    }
    guard let value = value?.pointee, value.tag != KIST_TAG_NONE else { return .success(nil) }
    do throws(KistError) {
        return .success(try Value(value))
    } catch {
        return .failure(error)
    }
}

private let writeDone: kist_write_done = { context, moment, code, message, size, value in
    guard let context else { return }
    Unmanaged<AnyWritten>.fromOpaque(context).takeRetainedValue()
        .complete(moment, outcome(code, message, size, value))
}

private let readDone: kist_read_done = { context, code, message, size, value, _ in
    guard let context else { return }
    Unmanaged<Completion<Value?>>.fromOpaque(context).takeRetainedValue()
        .complete(outcome(code, message, size, value))
}

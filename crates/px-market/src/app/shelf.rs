//! Everything that is offered, in memory, in the order it is shown: search reads no tables.
//!
//! Texts lie one after the other in chunks, so that looking for a word is one pass over them; a
//! change makes the chunks anew that it touches.

use std::sync::Arc;

use memchr::memmem::Finder;
use px_model::VersionId;

/// Offers per chunk at most.
const CHUNK: usize = 512;

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// When it was listed, microseconds.
    pub at: i64,
    /// The version offered.
    pub version: VersionId,
    /// Plugin.
    pub plugin: String,
    /// Category, when it has one.
    pub category: Option<String>,
    /// What is searched: words in lower case.
    pub text: String,
}

#[derive(Debug, Clone)]
struct Spot {
    at: i64,
    version: VersionId,
    category: Option<Arc<str>>,
    /// Where its text ends; it begins where the one before ends. The plugin comes first, up to a
    /// zero byte, which occurs in no word.
    end: usize,
    plugin: usize,
}

#[derive(Debug, Default)]
struct Chunk {
    spots: Vec<Spot>,
    text: Vec<u8>,
}

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Every one of these words occurs, in lower case.
    pub words: Vec<String>,
    /// Only this category.
    pub category: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The first ones after the position asked for, newest first.
    pub versions: Vec<VersionId>,
    /// How many there are in all, when they were counted.
    pub total: Option<u64>,
}

/// The offers of one channel.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    chunks: Vec<Arc<Chunk>>,
}

impl Shelf {
    /// Puts offers in their order: newest first, then by plugin.
    #[must_use]
    pub fn new(mut offers: Vec<Placed>) -> Self {
        offers.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.plugin.cmp(&b.plugin)));
        let chunks = offers.chunks(CHUNK).map(|some| Arc::new(Chunk::new(some)));
        Self {
            chunks: chunks.collect(),
        }
    }

    /// The shelf with other offers of some plugins: what they offered before is gone.
    #[must_use]
    pub fn changed(&self, plugins: &[String], offers: Vec<Placed>) -> Self {
        let mut kept: Vec<Arc<Chunk>> = Vec::with_capacity(self.chunks.len() + 1);
        let (mut fresh, mut offers) = (Vec::new(), offers);
        offers.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| b.plugin.cmp(&a.plugin)));
        for (n, chunk) in self.chunks.iter().enumerate() {
            let last = n + 1 == self.chunks.len();
            let arriving: Vec<Placed> = match chunk.spots.last() {
                Some(end) if !last => {
                    let mut some = Vec::new();
                    let plugin = chunk.plugin(chunk.spots.len() - 1);
                    let before = |offer: &Placed| {
                        offer.at > end.at
                            || (offer.at == end.at && offer.plugin.as_bytes() <= plugin)
                    };
                    while offers.last().is_some_and(before) {
                        some.extend(offers.pop());
                    }
                    some
                }
                _ => std::mem::take(&mut offers),
            };
            let leaving = chunk.holds_any(plugins);
            if arriving.is_empty() && !leaving {
                kept.push(Arc::clone(chunk));
                continue;
            }
            fresh.clear();
            fresh.extend(chunk.offers().filter(|o| !plugins.contains(&o.plugin)));
            fresh.extend(arriving);
            kept.extend(Self::new(std::mem::take(&mut fresh)).chunks);
        }
        kept.extend(Self::new(offers).chunks);
        Self { chunks: kept }
    }

    /// Looks for offers after a position (listing time and plugin), `limit` at most; counts them all
    /// when `count` says so.
    #[must_use]
    pub fn find(
        &self,
        wanted: &Wanted,
        after: Option<(i64, &str)>,
        limit: usize,
        count: bool,
    ) -> Found {
        let mut words: Vec<&str> = wanted.words.iter().map(String::as_str).collect();
        // The longest word is the rarest: the others are looked for only where it occurs.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let finders: Vec<Finder<'_>> = words.iter().map(|word| Finder::new(*word)).collect();
        let mut found = Found::default();
        let mut total = 0;
        for chunk in &self.chunks {
            if !count && found.versions.len() >= limit {
                break;
            }
            chunk.each(&finders, |spot, plugin| {
                let fits = wanted.category.is_none()
                    || spot.category.as_deref() == wanted.category.as_deref();
                if !fits {
                    return;
                }
                total += 1;
                let beyond = after.is_none_or(|(at, name)| {
                    spot.at < at || (spot.at == at && plugin > name.as_bytes())
                });
                if beyond && found.versions.len() < limit {
                    found.versions.push(spot.version);
                }
            });
        }
        found.total = count.then_some(total);
        found
    }
}

impl Chunk {
    fn new(offers: &[Placed]) -> Self {
        let mut chunk = Self::default();
        for offer in offers {
            chunk.text.extend(offer.plugin.as_bytes());
            let plugin = chunk.text.len();
            chunk.text.push(0);
            chunk.text.extend(offer.text.as_bytes());
            chunk.text.push(0);
            chunk.spots.push(Spot {
                at: offer.at,
                version: offer.version,
                category: offer.category.as_deref().map(Arc::from),
                end: chunk.text.len(),
                plugin,
            });
        }
        chunk
    }

    fn begin(&self, n: usize) -> usize {
        n.checked_sub(1).map_or(0, |before| self.spots[before].end)
    }

    fn plugin(&self, n: usize) -> &[u8] {
        &self.text[self.begin(n)..self.spots[n].plugin]
    }

    fn holds_any(&self, plugins: &[String]) -> bool {
        (0..self.spots.len()).any(|n| plugins.iter().any(|p| p.as_bytes() == self.plugin(n)))
    }

    fn offers(&self) -> impl Iterator<Item = Placed> {
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.spots.iter().enumerate().map(move |(n, spot)| Placed {
            at: spot.at,
            version: spot.version,
            plugin: words(self.plugin(n)),
            category: spot.category.as_deref().map(str::to_owned),
            text: words(&self.text[spot.plugin + 1..spot.end - 1]),
        })
    }

    /// Calls `take` for every offer whose text holds all words, in order, with its plugin.
    fn each(&self, finders: &[Finder<'_>], mut take: impl FnMut(&Spot, &[u8])) {
        let Some((first, others)) = finders.split_first() else {
            for (n, spot) in self.spots.iter().enumerate() {
                take(spot, self.plugin(n));
            }
            return;
        };
        let (mut n, mut from) = (0, 0);
        while let Some(hit) = first.find(&self.text[from..]) {
            let hit = from + hit;
            while self.spots[n].end <= hit {
                n += 1;
            }
            let spot = &self.spots[n];
            let text = &self.text[self.begin(n)..spot.end];
            if others.iter().all(|finder| finder.find(text).is_some()) {
                take(spot, self.plugin(n));
            }
            from = spot.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(n: u32, text: &str) -> Placed {
        Placed {
            at: i64::from(n),
            version: VersionId::from_uuid(uuid::Uuid::from_u128(n.into())),
            plugin: format!("com.example.p{n}"),
            category: n.is_multiple_of(2).then(|| "even".to_owned()),
            text: text.to_owned(),
        }
    }

    fn numbers(found: &Found) -> Vec<u128> {
        found.versions.iter().map(|v| v.uuid().as_u128()).collect()
    }

    fn words(text: &str) -> Wanted {
        Wanted {
            words: text
                .split(' ')
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect(),
            category: None,
        }
    }

    /// What search must answer, without any index.
    fn plainly(all: &[Placed], wanted: &Wanted) -> Vec<u128> {
        let mut fits: Vec<&Placed> = all
            .iter()
            .filter(|o| {
                let text = format!("{}\0{}", o.plugin, o.text);
                wanted.words.iter().all(|w| text.contains(w.as_str()))
                    && (wanted.category.is_none() || o.category == wanted.category)
            })
            .collect();
        fits.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.plugin.cmp(&b.plugin)));
        fits.iter().map(|o| o.version.uuid().as_u128()).collect()
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let all: Vec<Placed> = (1..=2000).map(|n| offer(n / 3 * 3, "same words")).collect();
        let all: Vec<Placed> = all
            .into_iter()
            .enumerate()
            .map(|(n, o)| Placed {
                plugin: format!("p{n:05}"),
                version: VersionId::from_uuid(uuid::Uuid::from_u128(n as u128)),
                ..o
            })
            .collect();
        let shelf = Shelf::new(all.clone());
        let (mut seen, mut after) = (Vec::new(), None::<(i64, String)>);
        loop {
            let position = after.as_ref().map(|(at, plugin)| (*at, plugin.as_str()));
            let page = shelf.find(&words("words"), position, 7, false);
            let Some(last) = numbers(&page).last().copied() else {
                break;
            };
            seen.extend(numbers(&page));
            let last = all.iter().find(|o| o.version.uuid().as_u128() == last);
            after = last.map(|o| (o.at, o.plugin.clone()));
        }
        assert_eq!(seen, plainly(&all, &words("words")));
    }

    #[test]
    fn changes_lead_to_the_same_shelf_as_building_it_anew() {
        let mut all: Vec<Placed> = (1..=3000)
            .map(|n| offer(n, ["red apple", "green pear", "blue plum"][n as usize % 3]))
            .collect();
        let mut shelf = Shelf::new(all.clone());
        for round in 0..40_u32 {
            let plugin = format!("com.example.p{}", 1 + round * 71 % 3000);
            all.retain(|o| o.plugin != plugin);
            let mut arriving = Vec::new();
            if !round.is_multiple_of(3) {
                let mut fresh = offer(round * 97 + 1, "yellow apple");
                fresh.plugin.clone_from(&plugin);
                fresh.version =
                    VersionId::from_uuid(uuid::Uuid::from_u128(90_000 + u128::from(round)));
                arriving.push(fresh);
            }
            all.extend(arriving.clone());
            shelf = shelf.changed(&[plugin], arriving);
        }
        for query in [
            "",
            "apple",
            "apple yellow",
            "p29",
            "pear com.example",
            "none",
            "e.p1 plum",
        ] {
            let found = shelf.find(&words(query), None, usize::MAX, true);
            assert_eq!(numbers(&found), plainly(&all, &words(query)), "{query}");
            assert_eq!(found.total, Some(found.versions.len() as u64));
        }
        let even = Wanted {
            category: Some("even".to_owned()),
            ..words("apple")
        };
        let found = shelf.find(&even, None, 5, true);
        assert_eq!(numbers(&found), plainly(&all, &even)[..5]);
        assert_eq!(found.total, Some(plainly(&all, &even).len() as u64));
    }

    #[test]
    fn an_empty_shelf_takes_its_first_offer() {
        let shelf = Shelf::default().changed(&["a".to_owned()], vec![offer(1, "first")]);
        assert_eq!(numbers(&shelf.find(&words("first"), None, 10, true)), [1]);
    }
}

use planning::deploy::*;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let mut people = vec![];
    for r in csv::Reader::from_path(format!("{dir}/staff.csv")).unwrap().records() { let r = r.unwrap();
        people.push(Person { home: Some((r[5].parse().unwrap(), r[6].parse().unwrap())), roles: 1 }); }
    let mut places = vec![];
    for r in csv::Reader::from_path(format!("{dir}/communities.csv")).unwrap().records() { let r = r.unwrap();
        places.push(Place { at: Some((r[4].parse().unwrap(), r[5].parse().unwrap())), needs: vec![Need { role: 0, count: r[7].parse().unwrap(), minimum: 0 }] }); }
    let t = std::time::Instant::now();
    let d = plan(&people, &places, &Limits::default());
    println!("{:?} gap {} unplaced {} exact {} {:?}", d.travel, d.travel.gap(), d.postings.iter().filter(|p| p.is_err()).count(), d.exact, t.elapsed());
}

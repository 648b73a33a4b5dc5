"""Names from where people in an Australian waiting room come from, in the scripts in which they write them.

The lists were put together for this project from names that are common everywhere; nobody in particular is meant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Origin:
    """Given and family names that go together; `weight` is how often, compared with the others."""

    weight: float
    given: tuple[str, ...]
    family: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _origin(weight: float, given: str, family: str) -> Iterator[Origin]:
    """A bar separates scripts, or languages, whose names are not mixed with each other."""
    circles = list(zip(given.split("|"), family.split("|"), strict=True))
    for given_names, family_names in circles:
        yield Origin(weight / len(circles), _names(given_names), _names(family_names))


ORIGINS = tuple(
    chain(
        _origin(  # Anglo-Australian
            34,
            "Olivia, Jack, Charlotte, William, Amelia, Noah, Isla, Thomas, Mia, Henry, Ava, James, Grace, "
            "Lachlan, Ruby, Angus, Margaret, Kevin, Judith, Barry, Lorraine, Graham, Kylie, Shane, "
            "Anne-Marie, Bruce, Daphne, Neville, Beryl, Hugh, Matilda, Archie, Poppy, Cooper, Evie, "
            "Darcy, Heather, Glenn, Jo, Stuart",
            "Smith, Jones, Williams, Brown, Wilson, Taylor, Johnson, White, Martin, Anderson, Thompson, "
            "Walker, Harris, Clarke, Robinson, Hughes, Campbell, Mitchell, Stewart, Kelly, Baker, Cooper, "
            "Ward, Hall, Wright, Reid, Murray, Palmer, Bennett, Fraser, Smith-Jones, St John, Whitlock, "
            "Ashby, Hargreaves, Pemberton, Lockwood, Tate",
        ),
        _origin(  # Ireland and Scotland
            6,
            "Siobhán, Conor, Aoife, Liam, Niamh, Patrick, Caoimhe, Declan, Róisín, Eoin, Mairead, Fergus, "
            "Iona, Callum",
            "O'Neil, O'Brien, Murphy, McCarthy, Fitzgerald, O'Sullivan, MacDonald, Ó Briain, Gallagher, "
            "Doyle, McKenzie",
        ),
        _origin(  # Vietnam
            7,
            "Thị Mai, Văn Hùng, Minh Anh, Quốc Bảo, Ngọc Lan, Thanh Tùng, Linh, Đức, Phương, Huy, Thu Hà, "
            "Tuấn, Kim, Duy",
            "Nguyễn, Trần, Lê, Phạm, Huỳnh, Võ, Đặng, Bùi, Đỗ, Hồ, Ngô, Dương, Lý, Nguyen, Tran",
        ),
        _origin(  # China, in Latin letters
            6,
            "Wei, Li Na, Xiuying, Jun, Mei, Yan, Hao, Jing, Xin Yi, Zhi Hao, Michelle, Kevin, Angela, "
            "Raymond, Cindy",
            "Wang, Zhang, Chen, Liu, Yang, Huang, Zhao, Wu, Zhou, Xu, Lin, Lau, Cheung, Wong, Ng",
        ),
        _origin(  # China, in characters
            2,
            "伟, 秀英, 娜, 敏, 静, 强, 丽华, 建国, 嘉欣, 子轩, 美玲, 志明",
            "王, 李, 张, 陈, 刘, 杨, 黄, 赵, 吴, 林, 欧阳, 司徒",
        ),
        _origin(  # India and Sri Lanka
            7,
            "Priya, Arjun, Ananya, Rahul, Deepika, Vikram, Sunita, Rohan, Kavya, Sanjay, Lakshmi, Nimal, "
            "Harpreet, Gurdeep, Simran, Dilshan, Chamari, Imran",
            "Patel, Singh, Sharma, Kaur, Reddy, Kumar, Gupta, Iyer, Nair, Fernando, Perera, "
            "Wickramasinghe, Das, Mehta, Gill",
        ),
        _origin(  # India, in Devanagari and Tamil
            1,
            "अंजलि, राजेश, प्रिया, मोहन | கமலா, முருகன், லட்சுமி, சுரேஷ்",
            "शर्मा, वर्मा, सिंह, पटेल | ராமசாமி, சுப்பிரமணியம்",
        ),
        _origin(  # Lebanon, Egypt, Iraq, Syria
            5,
            "Fatima, Mohamed, Layla, Omar, Yasmin, Ali, Rania, Hassan, Nour, Youssef, Zeinab, Elias, "
            "Georges, Mariam",
            "Haddad, Khoury, El-Masri, Hussein, Abdallah, Saleh, Nasser, Al-Rashid, Mansour, Farah, "
            "Ibrahim, Chahine",
        ),
        _origin(  # the same, in Arabic script
            1,
            "محمد, فاطمة, علي, مريم, عمر, ليلى, حسن, نور",
            "حداد, خوري, المصري, حسين, عبد الله, منصور, الراشد",
        ),
        _origin(  # Italy
            5,
            "Giuseppe, Maria, Antonio, Rosa, Salvatore, Carmela, Marco, Giulia, Domenico, Concetta, Luca, "
            "Nicolò, Chiara",
            "Rossi, Russo, Romano, Esposito, Bianchi, De Luca, Di Stefano, Lo Presti, D'Angelo, Marino, "
            "Greco, Zanetti",
        ),
        _origin(  # Greece
            3,
            "Dimitra, Nikolaos, Eleni, Georgios, Sofia, Konstantinos, Vasiliki | Ελένη, Γιώργος, "
            "Κατερίνα, Σπύρος",
            "Papadopoulos, Georgiou, Pappas, Nikolaidis, Karagiannis, Vlahos | Παπαδοπούλου, Αντωνίου, "
            "Μακρής",
        ),
        _origin(  # Philippines, Indonesia, Malaysia
            4,
            "Maria Cristina, Jose, Angelica, Ramon, Jasmine, Paolo | Siti, Budi, Dewi, Agus, Nurul, "
            "Hafiz, Aisyah, Rizal",
            "Santos, Reyes, Dela Cruz, Bautista, Garcia, Mendoza | Wijaya, Santoso, Ismail, Abdullah, "
            "Tan, Lim",
        ),
        _origin(  # Samoa, Tonga, Aotearoa
            3,
            "Sione, Mele, Tevita, Lani, Fetu, Malia, Losa | Wiremu, Aroha, Hēmi, Marama, Tāne, Ngaire, Kauri",
            "Tuilagi, Faleafa, Taufa, Fifita, Leota, Vaka | Ngata, Parata, Tūhoe, Te Whare, Rangihuna, "
            "Pōtiki",
        ),
        _origin(  # Poland, Croatia, Serbia, Czechia
            3,
            "Zofia, Piotr, Agnieszka, Łukasz, Małgorzata, Wojciech | Ivan, Željka, Dragan, Jovana, "
            "Stjepan | Ondřej, Jiřina, Věra",
            "Kowalski, Wiśniewska, Nowak, Zieliński | Babić, Horvat, Kovačević, Jovanović, Đorđević | "
            "Dvořák, Novotná",
        ),
        _origin(  # Ukraine and Russia
            2,
            "Oksana, Dmytro, Natalia, Serhii, Irina, Alexei | Олена, Андрій, Ольга, Сергей, Ганна, Тарас",
            "Shevchenko, Bondarenko, Ivanova, Petrov, Kovalenko | Шевченко, Мельник, Кузнецова, Бойко",
        ),
        _origin(  # Germany, the Netherlands, Scandinavia
            3,
            "Jürgen, Ursula, Götz, Anneliese, Käthe | Sven, Ingrid, Björn, Åse, Søren, Kirsten | Joost, "
            "Marijke, Willem",
            "Müller, Schröder, Weiß, Köhler | Lindqvist, Sørensen, Østergård, Bergström | van der Berg, "
            "de Vries, Jansen",
        ),
        _origin(  # Spain, Portugal, Latin America
            3,
            "José, María José, Lucía, Santiago, Inês, João, Beatriz, Camila, Andrés, Íñigo, Valentina, "
            "Thiago, Begoña",
            "García Márquez, Muñoz, Fernández, Silva, Gonçalves, Núñez, Rojas, Peña, Araújo, Quiñones, "
            "Castillo",
        ),
        _origin(  # Nigeria, Ghana, Ethiopia, Somalia, South Sudan
            3,
            "Chidi, Ngozi, Adébáyọ̀, Folákẹ́, Kwame, Abena | Selam, Dawit, Amina, Abdi, Akech, Deng | ሰላም, ዳዊት",
            "Okafor, Adeyemi, Ọlátúnjí, Mensah, Owusu | Tesfaye, Bekele, Warsame, Mohamud, Garang | ተስፋዬ, "
            "በቀለ",
        ),
        _origin(  # Korea and Japan
            3,
            "Ji-woo, Min-jun, Seo-yeon, Hyun | Yuki, Haruto, Sakura, Kenji | 지우, 서연, 민준 | さくら, 健太, 陽子",
            "Kim, Park, Choi, Jung | Sato, Suzuki, Takahashi, Watanabe | 김, 박, 이 | 佐藤, 鈴木, 高橋",
        ),
        _origin(  # Turkey, Iran, Afghanistan, Israel
            3,
            "Ayşe, Mehmet, Gülşen, İbrahim, Çağla, Çetin | Parisa, Reza, Shirin, Zahra, Habib | רחל, דוד, "
            "נועה",
            "Yılmaz, Şahin, Öztürk, Güneş, Doğan | Hosseini, Karimi, Rahimi, Ahmadzai | כהן, לוי, מזרחי",
        ),
        _origin(  # Thailand, Cambodia, Myanmar, Nepal
            2,
            "Somchai, Suda, Narin | Sokha, Bopha | Khin, Thandar | Bishal, Sita | สมชาย, สุดา, มาลี | "
            "सीता, विष्णु",
            "Saetang, Chaiyasit | Sok, Chea | Aung, Tun | Gurung, Tamang | แซ่ตั้ง, ใจดี | श्रेष्ठ",
        ),
    )
)

# One name is all that some people have.
MONONYMS = _names("Wahyudi, Thida, Tenzin, Gulalai, Sukarni, Anjali, Ratu, Kunga")
